"""The rows that a scored stream has: one per record of the engine, one per bad message, one per bucket and batch.

========== =================================================================================================
kind       what the row is
========== =================================================================================================
decision   the strategy wanted something; ``refusal`` is risk's answer (``none``: accepted)
order      an accepted decision as it leaves for the exchange
fill       what happened to an order
dead_letter a message that is no event, or is not of its key; ``reason`` says why, ``value`` is the message's own
counts     what a bucket of keys counted in this batch, as JSON in ``value``; never a message of its own
========== =================================================================================================

Rows of one bucket and batch stand in the engine's order. ``partition``, ``offset`` and ``ordinal`` are those of the id
``config_epoch:partition:offset:ordinal``: the place of the input message that caused the row, and the number among the
decisions that one event caused. An order and its fill have the id of their decision.

======================= =================================================================================
column                  null for
======================= =================================================================================
symbol                  a dead letter whose key is no UTF-8 (else: its key as it came); counts
partition, offset       never; of counts: the last message of the bucket in the batch
ordinal                 dead_letter, counts
ts_event_ns, side       dead_letter, counts
qty_lots                dead_letter, counts
px_ticks                dead_letter, counts; the order's limit, of a fill its price
reason                  fill, counts; decision and order: signal, hold_expired, stop_loss, session_end
refusal                 all but decision
fee_nano                all but fill; 1e-9 of the quote currency, negative is a rebate
up_frac, down_frac      all but decision; also where no score took part (NaN in the record)
value                   never; of decision, order and fill the journal's frame, byte for byte as `hftcore.replay` has it
topic                   all but dead_letter; the topic that the message was read from
======================= =================================================================================
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

import pyarrow as pa

if TYPE_CHECKING:
    from pyspark.sql.types import StructType

DECISION: Final = "decision"
ORDER: Final = "order"
FILL: Final = "fill"
DEAD_LETTER: Final = "dead_letter"
COUNTS: Final = "counts"
KINDS: Final = (DECISION, ORDER, FILL, DEAD_LETTER, COUNTS)
RECORD_KINDS: Final = (DECISION, ORDER, FILL)

SCORED_DDL: Final = (
    "kind string, symbol string, partition int, offset bigint, ordinal int, ts_event_ns bigint, side string, "
    "reason string, refusal string, qty_lots bigint, px_ticks bigint, fee_nano bigint, up_frac double, "
    "down_frac double, value binary, topic string"
)
"""The columns in Spark's words."""

_FIELDS: Final[list[tuple[str, pa.DataType]]] = [
    ("kind", pa.string()),
    ("symbol", pa.string()),
    ("partition", pa.int32()),
    ("offset", pa.int64()),
    ("ordinal", pa.int32()),
    ("ts_event_ns", pa.int64()),
    ("side", pa.string()),
    ("reason", pa.string()),
    ("refusal", pa.string()),
    ("qty_lots", pa.int64()),
    ("px_ticks", pa.int64()),
    ("fee_nano", pa.int64()),
    ("up_frac", pa.float64()),
    ("down_frac", pa.float64()),
    ("value", pa.binary()),
    ("topic", pa.string()),
]
SCORED_ARROW: Final = pa.schema(_FIELDS)
"""The same columns in Arrow's words."""


def scored_schema() -> StructType:
    """The same columns as a Spark schema."""
    from pyspark.sql.types import StructType

    return cast(StructType, StructType.fromDDL(SCORED_DDL))
