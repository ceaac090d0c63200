"""A simulated world that only remembers what was asked of it."""

from kiosk.simulation.simulator import SimulatorState, SlipSeen


class MemorySimulator:
    """Keeps the promises of `kiosk.simulation.web.Simulator`."""

    def __init__(self) -> None:
        self.asked: list[tuple[object, ...]] = []

    def present(self, code: str | None, skin_temperature_c: float | None, ambient_c: float, seconds: float) -> None:
        self.asked.append((code, skin_temperature_c, ambient_c, seconds))

    def fault(self, device: str, fault: str) -> None:
        if (device, fault) == ("camera", "garbage"):
            raise ValueError("a camera gives no garbage")
        self.asked.append((device, fault))

    def network(self, up: bool) -> None:
        self.asked.append((up,))

    def badges(self) -> list[tuple[str, str]]:
        return [("Siti Rahayu", "G1AAAA"), ("محمد عبد الرحمن", "G1BBBB"), ("Raden Ajeng " * 6, "G1CCCC")]

    def state(self) -> SimulatorState:
        slips = (SlipSeen("Tanda kunjungan\nA 017\n<b>Ruang Baca</b>", "V1PAAAA"), SlipSeen("Nomor antrean Anda\nA 018", None))
        return SimulatorState({"camera": "none", "thermometer": "stuck", "printer": "none"}, network_up=True, slips=slips)
