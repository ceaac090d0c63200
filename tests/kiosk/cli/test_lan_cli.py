import http.client
import json
import socket
import ssl
import tomllib
import urllib.request
from contextlib import closing
from pathlib import Path

from click.testing import CliRunner, Result

from kiosk.cli.lan import lan
from tests.kiosk.cli.programs import BENCH, kiosk


def run(data: Path, *arguments: str) -> Result:
    return CliRunner().invoke(lan, [*arguments, "--data", str(data)])


def test_a_certificate_and_the_lines_to_add(tmp_path: Path) -> None:
    """What is printed is what kiosk.toml needs; with it `show` finds the door ready, and says the same fingerprint."""
    made = run(tmp_path, "certificate", "--names", "gapura.kantor.local, 192.168.1.5")
    assert made.exit_code == 0, made.output
    assert tomllib.loads(made.stdout) == {"lan": {"enabled": True, "names": ["gapura.kantor.local", "192.168.1.5"]}}
    (tmp_path / "kiosk.toml").write_text(made.stdout)
    shown = json.loads(run(tmp_path, "show", "--json").stdout)
    assert shown["addresses"] == ["https://gapura.kantor.local:8443/guard", "https://192.168.1.5:8443/guard"]
    assert shown["fingerprint"] in made.stderr.replace(" ", "")
    assert shown["days_left"] in (729, 730)


def test_a_certificate_is_not_replaced_by_mistake(tmp_path: Path) -> None:
    """Screens have compared the one that is there; only --replace makes another."""
    run(tmp_path, "certificate", "--names", "a.local")
    before = (tmp_path / "lan.crt").read_bytes()
    assert run(tmp_path, "certificate", "--names", "a.local").exit_code == 1
    assert (tmp_path / "lan.crt").read_bytes() == before
    assert run(tmp_path, "certificate", "--names", "a.local", "--replace").exit_code == 0
    assert (tmp_path / "lan.crt").read_bytes() != before


def test_wrong_calls(tmp_path: Path) -> None:
    """No names, or names with other characters, are exit code 2."""
    for names in ("", " , ", "a b", "kantör", "x/y"):
        assert run(tmp_path, "certificate", "--names", names).exit_code == 2, names
    assert not (tmp_path / "lan.key").exists()


def test_show_without_a_certificate(tmp_path: Path) -> None:
    """Off is no fault; on without a certificate is exit code 1 and says what to do."""
    assert run(tmp_path, "show").exit_code == 0
    (tmp_path / "kiosk.toml").write_text('[lan]\nenabled = true\nnames = ["a.local"]\n')
    found = run(tmp_path, "show")
    assert found.exit_code == 1
    assert "gapura lan certificate" in found.stderr


LAN = BENCH + '[lan]\nenabled = true\nhost = "127.0.0.1"\nport = {port}\n'


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def test_a_kiosk_on_the_network(tmp_path: Path) -> None:
    """Started with the printed lines it serves guards over TLS, with that certificate, and keeps the panel to itself."""
    port = free_port()
    assert run(tmp_path, "certificate", "--names", "127.0.0.1").exit_code == 0
    trusted = ssl.create_default_context(cafile=str(tmp_path / "lan.crt"))
    with kiosk(tmp_path, LAN.format(port=port) + 'names = ["127.0.0.1"]\n'):
        assert asked(port, trusted, "/guard") == 200
        assert [asked(port, trusted, path) for path in ("/", "/metrics", "/healthz", "/camera.jpg", "/me")] == [404] * 5


def test_the_door_opens_without_the_network(tmp_path: Path) -> None:
    """Without a certificate, or with a taken port, the kiosk runs all the same, and its log says why screens cannot be opened."""
    with kiosk(tmp_path, LAN.format(port=free_port()) + 'names = ["127.0.0.1"]\n') as (process, addresses):
        with urllib.request.urlopen(addresses["panel"], timeout=5) as page:
            assert page.status == 200
        process.terminate()
        assert process.stderr is not None
        assert "no screens on the network: lan.certificate" in process.stderr.read()
    assert run(tmp_path, "certificate", "--names", "127.0.0.1").exit_code == 0
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = LAN.format(port=taken.getsockname()[1]) + 'names = ["127.0.0.1"]\n'
        with kiosk(tmp_path, settings) as (process, _):
            process.terminate()
            assert process.stderr is not None
            assert "no screens on the network: 127.0.0.1" in process.stderr.read()


def asked(port: int, context: ssl.SSLContext, path: str) -> int:
    with closing(http.client.HTTPSConnection("127.0.0.1", port, timeout=5, context=context)) as client:
        client.request("GET", path)
        return client.getresponse().status
