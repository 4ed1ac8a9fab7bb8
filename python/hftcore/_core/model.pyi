"""
Compiled forests.
"""
from __future__ import annotations
import numpy
import numpy.typing
import typing
__all__: list[str] = ['CompiledModel', 'OutputRule']
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
class CompiledModel:
    """
    A forest as machine code.
    
    Predictions are safe from several threads at once. X is float64 and C-contiguous, or a TypeError.
    """
    def __init__(self, library_path: str, n_features: typing.SupportsInt | typing.SupportsIndex, n_classes: typing.SupportsInt | typing.SupportsIndex, rule: str, alpha: typing.SupportsFloat | typing.SupportsIndex = 1.0) -> None:
        ...
    def predict_margin(self, X: numpy.typing.NDArray[numpy.float64]) -> numpy.typing.NDArray[numpy.float64]:
        """
        Raw sums of leaves: (n, n_features) -> (n, n_margins), or one row.
        """
    def predict_proba(self, X: numpy.typing.NDArray[numpy.float64]) -> numpy.typing.NDArray[numpy.float64]:
        """
        Scores after the output rule: (n, n_features) -> (n, n_classes), or one row.
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
