"""The file system on loopback: another process finds it, it survives kills and restarts, and says what is wrong."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hftcore.errors import ClusterError, ParameterError
from hftcore.hdfs import Hdfs
from hftcore.hdfs.configuration import HdfsPorts, server_settings
from hftcore.hdfs.state import HdfsState
from hftcore.servers.process import free_ports
from hftcore.servers.waiting import wait_until


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "hftcore", "hdfs", *arguments], capture_output=True, text=True)


def test_another_process_sees_kills_and_restarts_a_data_node(hdfs: Hdfs) -> None:
    told = json.loads(command("status", "--folder", str(hdfs.folder), "--json").stdout)
    assert told["ok"]
    assert [one["name"] for one in told["servers"]] == ["namenode", "datanode-1", "datanode-2", "datanode-3"]
    assert told["url"] == hdfs.url
    assert command("kill", "3", "--folder", str(hdfs.folder)).returncode == 0
    try:
        assert command("status", "--folder", str(hdfs.folder), "--json").returncode == 1
        with pytest.raises(ClusterError, match="DataNode 3 is dead: hftcore hdfs restart 3 starts it"):
            hdfs.kill(3)
        wait_until(lambda: hdfs.living_data_nodes() == 2, 40.0, "the NameNode has not noticed")
    finally:
        hdfs.restart(3)
    assert hdfs.living_data_nodes() == 3
    with pytest.raises(ClusterError, match="DataNode 3 is alive"):
        hdfs.restart(3)
    assert not hdfs.up(), "it runs"


@pytest.mark.usefixtures("hdfs", "users_cache")
def test_a_port_that_was_taken_meanwhile_is_exchanged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = Hdfs(tmp_path, tied=True)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with monkeypatch.context() as patch:
            patch.setattr("hftcore.hdfs.cluster.are_free", lambda ports: True)
            HdfsState("3.5.0", HdfsPorts(port, free_ports(1)[0]), "256m").save(tmp_path)
            try:
                assert one.up()
                assert not one.url.endswith(f":{port}")
            finally:
                assert one.down()
    assert "BindException" in one.log_text(0)


def test_what_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match="holds no HDFS: hftcore hdfs up starts one"):
        Hdfs.attach(tmp_path)
    with pytest.raises(ParameterError, match="server must be one of 1, 2, 3, was 0"):
        Hdfs(tmp_path).kill(0)
    assert not Hdfs(tmp_path / "never").down()
    (tmp_path / "hdfs.json").write_text("{}")
    with pytest.raises(ClusterError, match=r"hdfs\.json is not an HDFS's state"):
        Hdfs.attach(tmp_path)
    found = command("status", "--folder", str(tmp_path / "none"), "--json")
    assert (found.returncode, json.loads(found.stdout)["servers"]) == (1, [])


def test_all_addresses_are_on_loopback(tmp_path: Path) -> None:
    for node in range(4):
        settings: dict[str, Any] = server_settings(tmp_path, node, HdfsPorts(1, 2))
        addresses = [value for key, value in settings.items() if key.endswith("address")]
        assert len(addresses) >= 2
        assert all(value.startswith("127.0.0.1:") for value in addresses)
        assert settings["dfs.replication"] == "2"
