"""Run a long campaign and print what it did and found: ``python -m chaos --kills 300 --seed 7 --minutes 15``."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from chaos.campaign import Campaign, told
from chaos.table import SERVICES


def main() -> int:
    parser = argparse.ArgumentParser(prog="chaos", description="Disturb the program in a simulated world.")
    parser.add_argument("--kills", type=int, default=int(os.environ.get("KILLS", "300")), help="SIGKILLs to come to")
    parser.add_argument(
        "--seed", type=int, default=int(os.environ.get("SEED", "1")), help="of the world and the disturbances"
    )
    parser.add_argument(
        "--minutes", type=float, default=float(os.environ.get("MINUTES", "30")), help="the longest it may take"
    )
    parser.add_argument(
        "--burst", type=int, default=5_000, help="posts between two polls, where a service gives so many"
    )
    parser.add_argument(
        "--steps", type=int, default=24, help="how often everything is held against the world, at least"
    )
    parser.add_argument(
        "--sources", default=os.environ.get("SOURCES", ""), help="only these, such as x,rss; default: all"
    )
    parser.add_argument("--folder", type=Path, help="where the stores and the log are left; default: nowhere")
    asked = parser.parse_args()
    named = {"x", *asked.sources.split(",")} if asked.sources else {service.name for service in SERVICES}
    services = [service for service in SERVICES if service.name in named]
    with tempfile.TemporaryDirectory(prefix="chaos-") as nowhere:
        folder = asked.folder or Path(nowhere)
        with Campaign(folder, seed=asked.seed, services=services) as campaign:
            try:
                campaign.run(kills=asked.kills, steps=asked.steps, burst=asked.burst, seconds=60 * asked.minutes)
            finally:
                told(f"\nseed {asked.seed}\n{campaign.tally.table()}")
    return 0 if campaign.tally.kills >= asked.kills else 3


if __name__ == "__main__":
    sys.exit(main())
