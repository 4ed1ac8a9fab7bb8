"""The few requests that prove an HDFS works, over WebHDFS: no JVM has to start for them.

Source: https://hadoop.apache.org/docs/r3.5.0/hadoop-project-dist/hadoop-hdfs/WebHDFS.html
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
import uuid
from typing import Any
from urllib.parse import quote

from hftcore.errors import ClusterError
from hftcore.hdfs.configuration import REPLICATION
from hftcore.servers.waiting import wait_until

_REQUEST_S = 10.0
_USER = "hftcore"  # permissions are off; a name must be given


def living_data_nodes(http_port: int) -> int:
    """How many DataNodes the NameNode counts as alive; 0 while it does not answer."""
    url = f"http://127.0.0.1:{http_port}/jmx?qry=Hadoop:service=NameNode,name=FSNamesystemState"
    try:
        with _open(urllib.request.Request(url)) as answer:
            beans = json.load(answer)["beans"]
    except (OSError, ValueError):
        return 0
    return int(beans[0]["NumLiveDataNodes"]) if beans else 0


def prove_replicated_write(http_port: int, timeout_s: float) -> None:
    """Write a file, wait until two DataNodes hold it, read it back, remove it.

    Raises
    ------
    ClusterError
        If it cannot be written within the time, is not replicated, or is read back as something else.
    """
    path, wrote = f"/.hftcore-{uuid.uuid4().hex}", uuid.uuid4().bytes
    problem = "no file can be written"

    def written() -> bool:
        try:
            _request(http_port, "PUT", path, f"CREATE&overwrite=true&noredirect=true&replication={REPLICATION}", wrote)
        except OSError:  # safe mode, or the DataNodes are not known yet
            return False
        return True

    wait_until(written, timeout_s, problem, every_s=0.2)
    try:
        wait_until(lambda: n_copies(http_port, path) >= REPLICATION, timeout_s, f"a file has no {REPLICATION} copies")
        found = _request(http_port, "GET", path, "OPEN&noredirect=true")
        if found != wrote:
            raise ClusterError(f"{path}: {len(found)} bytes were read back, {len(wrote)} others were written")
    finally:
        _request(http_port, "DELETE", path, "DELETE")


def n_copies(http_port: int, path: str) -> int:
    """On how many DataNodes the first block of a file lies."""
    told = json.loads(_request(http_port, "GET", path, "GETFILEBLOCKLOCATIONS"))
    blocks = told["BlockLocations"]["BlockLocation"]
    return len(blocks[0]["names"]) if blocks else 0


def _request(http_port: int, method: str, path: str, operation: str, data: bytes | None = None) -> bytes:
    """One operation. For data the NameNode names the DataNode that takes or gives it."""
    url = f"http://127.0.0.1:{http_port}/webhdfs/v1{quote(path)}?user.name={_USER}&op={operation}"
    with _open(urllib.request.Request(url, method=method)) as answer:
        body = bytes(answer.read())
    if "noredirect=true" not in operation:
        return body
    request = urllib.request.Request(json.loads(body)["Location"], data=data, method=method)
    request.add_header("Content-Type", "application/octet-stream")
    with _open(request) as answer:
        return bytes(answer.read())


def _open(request: urllib.request.Request) -> Any:
    """Ask loopback, past any proxy of the environment."""
    return urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=_REQUEST_S)
