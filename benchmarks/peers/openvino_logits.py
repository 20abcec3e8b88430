"""OpenVINO's logits of texts that are given as token ids; see benchmarks/logits.py.

The model that GenAI runs, with the CPU plugin's own defaults (8-bit keys and values among them).
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import openvino

from benchmarks.logits import Texts, run


def work(folder: Path, texts: Texts, args: argparse.Namespace) -> Iterator[np.ndarray]:
    model = openvino.Core().compile_model(
        folder / "openvino_model.xml", "CPU", {"INFERENCE_NUM_THREADS": args.threads}
    )
    request = model.create_infer_request()
    takes = {name for port in model.inputs for name in port.get_names()}
    for ids in texts:
        request.reset_state()
        inputs = {
            "input_ids": np.array([ids], np.int64),
            "attention_mask": np.ones((1, len(ids)), np.int64),
            "position_ids": np.arange(len(ids), dtype=np.int64)[None],
            "beam_idx": np.zeros(1, np.int32),
        }
        found = request.infer({name: inputs[name] for name in inputs.keys() & takes})
        yield found["logits"][0]


if __name__ == "__main__":
    run(work)
