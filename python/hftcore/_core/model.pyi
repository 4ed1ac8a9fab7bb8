"""
Forests that predict.
"""
from __future__ import annotations
import numpy
import numpy.typing
import typing
__all__: list[str] = ['ForestModel', 'OutputRule', 'SingleRow', 'kernel_paths']
class OutputRule:
    """
    Members:
    
      identity
    
      sigmoid
    
      softmax
    
      one_vs_rest_normalised
    """
    __members__: typing.ClassVar[dict[str, OutputRule]]
    identity: typing.ClassVar[OutputRule]
    one_vs_rest_normalised: typing.ClassVar[OutputRule]
    sigmoid: typing.ClassVar[OutputRule]
    softmax: typing.ClassVar[OutputRule]
    @typing.overload
    def __eq__(self, other: OutputRule) -> bool:
        ...
    @typing.overload
    def __eq__(self, other: typing.Any) -> bool:
        ...
    def __getstate__(self) -> int:
        ...
    def __hash__(self) -> int:
        ...
    def __index__(self) -> int:
        ...
    def __init__(self, value: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    def __int__(self) -> int:
        ...
    @typing.overload
    def __ne__(self, other: OutputRule) -> bool:
        ...
    @typing.overload
    def __ne__(self, other: typing.Any) -> bool:
        ...
    def __repr__(self) -> str:
        ...
    def __setstate__(self, state: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    def __str__(self) -> str:
        ...
    @property
    def name(self) -> str:
        ...
    @property
    def value(self) -> int:
        ...
class ForestModel:
    """
    A forest that predicts.
    
    Predictions are safe from several threads at once. X is float64 and C-contiguous, or a TypeError; so is out, which is
    filled and given back, and must not overlap X. Rows together release the GIL and may be shared among n_threads.
    """
    @staticmethod
    def from_forest(data: bytes, n_classes: typing.SupportsInt | typing.SupportsIndex, rule: str, alpha: typing.SupportsFloat | typing.SupportsIndex = 1.0, path: str = '') -> ForestModel:
        """
        The kernel, of the bytes of forest.bin.
        
        path is one of kernel_paths(), or empty: the fastest, unless the variable HFTCORE_KERNEL names another. A path that
        cannot hold the forest leaves it to the next slower one. ValueError names what does not fit.
        """
    @staticmethod
    def from_library(library_path: str, n_features: typing.SupportsInt | typing.SupportsIndex, n_classes: typing.SupportsInt | typing.SupportsIndex, rule: str, alpha: typing.SupportsFloat | typing.SupportsIndex = 1.0) -> ForestModel:
        """
        A compiled forest. Runs the library's code: only what is trusted.
        """
    def predict_margin(self, X: numpy.typing.NDArray[numpy.float64], out: numpy.typing.NDArray[numpy.float64] | None = None, n_threads: typing.SupportsIndex = 1) -> numpy.typing.NDArray[numpy.float64]:
        """
        Raw sums of leaves: (n, n_features) -> (n, n_margins), or one row.
        """
    def predict_proba(self, X: numpy.typing.NDArray[numpy.float64], out: numpy.typing.NDArray[numpy.float64] | None = None, n_threads: typing.SupportsIndex = 1) -> numpy.typing.NDArray[numpy.float64]:
        """
        Scores after the output rule: (n, n_features) -> (n, n_classes), or one row.
        """
    def scores_of(self, margins: numpy.typing.NDArray[numpy.float64]) -> numpy.typing.NDArray[numpy.float64]:
        """
        The scores (n, n_classes) that margins (n, n_margins) come to: those of predict_proba.
        """
    def single_row(self) -> SingleRow:
        """
        A SingleRow of this forest.
        """
    @property
    def alpha(self) -> float:
        ...
    @property
    def engine(self) -> str:
        """
        'kernel' or 'compiled'.
        """
    @property
    def n_classes(self) -> int:
        ...
    @property
    def n_features(self) -> int:
        ...
    @property
    def n_margins(self) -> int:
        ...
    @property
    def output_rule(self) -> OutputRule:
        ...
    @property
    def path(self) -> str:
        """
        One of kernel_paths(), or 'compiled'.
        """
class SingleRow:
    """
    One row after the other, in the least time from Python.
    
    Each method fills an array of its own, the same one at every call, and gives it back: copy what is to stay. row is
    float64, C-contiguous and not that array. For one thread at a time: each thread makes its own.
    """
    def predict_margin(self, row: numpy.typing.NDArray[numpy.float64]) -> numpy.typing.NDArray[numpy.float64]:
        """
        Raw sums of leaves: (n_features,) -> (n_margins,).
        """
    def predict_proba(self, row: numpy.typing.NDArray[numpy.float64]) -> numpy.typing.NDArray[numpy.float64]:
        """
        Scores after the output rule: (n_features,) -> (n_classes,).
        """
def kernel_paths() -> list[str]:
    """
    Ways through the kernel that this CPU can run, fastest first: of vbmi, avx512, avx2 and scalar.
    """
