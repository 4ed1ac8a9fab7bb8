"""Every error that hftcore raises on purpose.

HftError
├── ParameterError      an argument that breaks its rule: names the parameter, the rule and the value
├── EventError          input rows that cannot become events: names file, row, column and value
├── SpecError           a feature spec that breaks a rule: names the feature, the rule and the value
├── OutOfOrderError     time decreases within a symbol: names the symbol and the index
├── ModelMismatchError  an artefact that is not what it says, or not for this spec: names the first difference
├── ModelRegistryError  a registry of models that cannot be reached, or lacks what was asked for: names it
├── TrainingDataError   a feature table that cannot be trained on: names the column, the rule and the value
├── JavaNotFoundError   there is no Java for Spark, brokers or HDFS: says what was found and what to install
├── JarError            jars that cannot be had, or are not the pinned ones: names the first that differs
├── ClusterError        Kafka brokers or HDFS servers that do not come up, or are not there: names the one and its log
├── KafkaError          a Kafka client that cannot connect, or is told what it cannot do: says what and why
├── DatasetError        a dataset that is not one, or a day that does not fit it: names the place and the column
├── TopicError          a topics file that breaks a rule: names the topic, the rule and the value
├── CompileError        the host's compiler is missing or failed: carries its output
├── JournalError        a journal that is no journal, or stopped taking records
├── RiskConfigError     limits that contradict each other or are out of range
├── TelemetryError      a telemetry page that is not there, or another version's: names it
├── ReportError         report data that is not finite, not complete, or no report: names its path
├── ProofError          a proof that cannot be made: names what is gone or cannot be read
├── ChaosError          a chaos round whose fault did not happen, or whose cluster did not: says what was expected
└── MissingExtraError   a part that needs an extra which is not installed: says what to install
"""

from __future__ import annotations


class HftError(Exception):
    """Base of all errors raised by hftcore."""


class ParameterError(HftError, ValueError):
    """An argument that breaks its rule."""


class EventError(HftError, ValueError):
    """Input rows that cannot become events."""


class SpecError(HftError, ValueError):
    """A feature spec that breaks a rule."""


class OutOfOrderError(HftError, ValueError):
    """Event time decreases within a symbol."""


class ModelMismatchError(HftError, ValueError):
    """An artefact that was altered, or does not belong to this spec."""


class ModelRegistryError(HftError, LookupError):
    """A registry of models that cannot be reached, or lacks what was asked for."""


class TrainingDataError(HftError, ValueError):
    """A feature table that cannot be trained on."""


class JavaNotFoundError(HftError, RuntimeError):
    """There is no Java that Spark, the Kafka brokers or HDFS could run on."""


class JarError(HftError, RuntimeError):
    """Jars of brokers, connectors or HDFS cannot be had, or are not the pinned ones."""


class ClusterError(HftError, RuntimeError):
    """A Kafka cluster or an HDFS that does not come up, or is not there."""


class KafkaError(HftError, RuntimeError):
    """A Kafka client that cannot connect, or was told what it cannot do."""


class DatasetError(HftError, ValueError):
    """A dataset that is not one, or a day that does not fit it."""


class TopicError(HftError, ValueError):
    """A topics file that breaks a rule."""


class CompileError(HftError, RuntimeError):
    """The forest's C code could not be compiled on this host."""


class JournalError(HftError, RuntimeError):
    """A journal that cannot be read, or that stopped taking records."""


class RiskConfigError(HftError, ValueError):
    """Limits that contradict each other or are out of range."""


class TelemetryError(HftError, RuntimeError):
    """A telemetry page that is not there, or that this version cannot read."""


class ReportError(HftError, ValueError):
    """Report data that is not finite, not complete, or no report."""


class ProofError(HftError, RuntimeError):
    """A proof that cannot be made: what it needs is gone, or cannot be read."""


class ChaosError(HftError, RuntimeError):
    """A chaos round that did not happen as planned."""


class MissingExtraError(HftError, ImportError):
    """A part of hftcore needs an extra that is not installed."""
