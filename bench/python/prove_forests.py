"""Every engine and path of this CPU against the reference, on as many rows as a night allows.

    python bench/python/prove_forests.py [--rows 10000000] [--artifact up.hft]

Without an artefact: LightGBM and XGBoost models of 99 and 100 trees of depth 5 on made data, with missing values,
compiled too. Exits 1 if any bit differs.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import xgboost

import hftcore as hc
from hftcore.cli.shared import progress_bar

_N_FEATURES = 25


def main() -> int:
    """Compare, print a table for each model; 0 where nothing differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000, help="random rows over all models")
    parser.add_argument("--artifact", type=Path, help="a model of yours, in place of those made here")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hftcore-prove-") as folder:
        models = [hc.Artifact.load(args.artifact)] if args.artifact else list(made(Path(folder)))
        ok = True
        for art in models:
            with progress_bar(str(art.path.name)) as progress:
                report = hc.verify(
                    art, rows=args.rows // len(models), allow_compiled=args.artifact is None, progress=progress
                )
            print(f"{art!r}\nreference: {report.reference}\n{report}\n", flush=True)
            ok = ok and report.ok
    return 0 if ok else 1


def made(folder: Path) -> Iterator[hc.Artifact]:
    """Artefacts of models on made data."""
    rng = np.random.default_rng(7)
    rows = rng.normal(size=(20_000, _N_FEATURES))
    rows[rng.random(rows.shape) < 0.05] = np.nan
    score = np.nan_to_num(rows[:, 0]) + np.nan_to_num(rows[:, 1] * rows[:, 2]) + rng.normal(scale=0.5, size=len(rows))
    labels = np.digitize(score, [-0.5, 0.5])
    spec = hc.FeatureSpec("prove", [hc.log_return("mid_px", lag=lag) for lag in range(1, _N_FEATURES + 1)])
    common: dict[str, Any] = {"n_jobs": 1, "max_depth": 5}
    fitted = {
        "lightgbm-3": lightgbm.LGBMClassifier(n_estimators=33, num_leaves=31, verbose=-1, **common).fit(rows, labels),
        "lightgbm-2": lightgbm.LGBMClassifier(n_estimators=100, num_leaves=31, verbose=-1, **common).fit(
            rows, labels > 0
        ),
        "xgboost-3": xgboost.XGBClassifier(n_estimators=33, **common).fit(rows, labels),
        "xgboost-2": xgboost.XGBClassifier(n_estimators=100, **common).fit(rows, (labels > 0).astype(int)),
    }
    for name, model in fitted.items():
        try:
            yield hc.compile_model(model, spec, folder / f"{name}.hft", probe=rows, compiled=True)
        except hc.errors.CompileError:  # sums that only the kernel does
            yield hc.compile_model(model, spec, folder / f"{name}.hft", probe=rows)


if __name__ == "__main__":
    sys.exit(main())
