"""The servers of the test suite themselves: they listen, end, come back on the same port, and keep what they hold."""

import smtplib
import socket
import subprocess
import sys
import threading
import urllib.request

import psycopg
import pytest

from tests.servers.influxdb import InfluxDatabase
from tests.servers.mosquitto import MosquittoServer
from tests.servers.ports import free_port, free_port_block
from tests.servers.postgres import PostgresServer
from tests.servers.process import accepts_connections
from tests.servers.smtp import SmtpServer


def test_ports_are_not_given_twice() -> None:
    ports = [free_port() for _ in range(50)]
    assert len(set(ports)) == 50


def test_a_block_of_ports_is_free_and_not_given_again() -> None:
    first, second = free_port_block(64), free_port_block(64)
    assert not {*range(first, first + 64)} & {*range(second, second + 64)}
    for port in range(first, first + 64):
        socket.create_server(("127.0.0.1", port)).close()


def test_two_test_processes_are_given_different_ports() -> None:
    code = "from tests.servers.ports import free_port; print(*(free_port() for _ in range(300)))"
    others = [
        subprocess.Popen([sys.executable, "-c", f"{code}; input()"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    given = [set(map(int, other.stdout.readline().split())) for other in others if other.stdout]
    for other in others:
        other.communicate(b"\n")
    assert [len(ports) for ports in given] == [300, 300]
    assert not given[0] & given[1]


def test_mosquitto_comes_back_on_the_same_port_after_a_kill(mosquitto: MosquittoServer) -> None:
    mosquitto.kill()
    assert not accepts_connections(mosquitto.port)
    mosquitto.start()
    assert accepts_connections(mosquitto.port)


def test_mosquitto_stops_cleanly_and_writes_its_state(mosquitto: MosquittoServer) -> None:
    mosquitto.stop()
    assert (mosquitto.folder / "mosquitto.db").exists()


def test_influxdb_keeps_its_rows_over_a_kill(influxdb: InfluxDatabase) -> None:
    server = influxdb.server
    path = f"{server.base_url}/api/v2/write?bucket={influxdb.name}&org=x&precision=ms"
    with urllib.request.urlopen(path, data=b"water,point=a flow_m3_h=2.5 1000", timeout=10) as answer:
        assert answer.status == 204
    server.kill()
    assert not accepts_connections(server.nginx.port)
    server.start()
    answer = influxdb.query("SELECT flow_m3_h FROM water")
    assert answer["results"][0]["series"][0]["values"] == [[1000, 2.5]]


def test_postgres_keeps_what_was_committed_over_a_kill(postgres_server: PostgresServer, postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    postgres_server.kill()
    assert not accepts_connections(postgres_server.port)
    postgres_server.start()
    with psycopg.connect(postgres_url) as connection:
        assert connection.execute("SELECT number FROM kept").fetchone() == (7,)


def test_smtp_server_keeps_mails_and_refuses_when_told(smtp_server: SmtpServer) -> None:
    with smtplib.SMTP(smtp_server.host, smtp_server.port) as client:
        client.sendmail("park@example.org", ["firm@example.org"], "Subject: Xin chao\r\n\r\ntext")
        smtp_server.refusal = "451 later"
        with pytest.raises(smtplib.SMTPDataError, match="451"):
            client.sendmail("park@example.org", ["firm@example.org"], "Subject: again\r\n\r\ntext")
    assert [mail.message["subject"] for mail in smtp_server.mails] == ["Xin chao"]
    assert smtp_server.refused == 1


def test_smtp_server_restarts_on_its_port(smtp_server: SmtpServer) -> None:
    smtp_server.stop()
    assert not accepts_connections(smtp_server.port)
    smtp_server.restart()
    assert accepts_connections(smtp_server.port)


@pytest.mark.real_server
def test_postgres_starts_again_when_something_else_still_listens_on_its_port(postgres_server: PostgresServer) -> None:
    postgres_server.kill()
    with socket.create_server(("127.0.0.1", postgres_server.port)) as squatter:
        leaving = threading.Timer(0.5, squatter.close)
        leaving.start()
        postgres_server.start()
    leaving.join()
    assert postgres_server.running
