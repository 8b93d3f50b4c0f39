"""The same flow in eager PyTorch, on one thread: requests as lines of JSON on stdin, answers as lines on stdout."""

import json
import math
import struct
import sys
import time

import numpy as np
import torch
from torch import nn


def read_safetensors(path):
    with open(path, "rb") as file:
        bytes_ = file.read()
    (length,) = struct.unpack("<Q", bytes_[:8])
    header = json.loads(bytes_[8 : 8 + length])
    header.pop("__metadata__")
    tensors = {}
    for name, entry in header.items():
        start, end = (8 + length + at for at in entry["data_offsets"])
        flat = torch.from_numpy(np.frombuffer(bytes_[start:end], dtype=np.float32).copy())
        tensors[name] = flat.reshape(entry["shape"])
    return tensors


class Layer(nn.Module):
    """Actnorm and affine coupling. Columns are in the order of the previous layer; only indices are permuted."""

    def __init__(self, weights, layer, order, bound):
        super().__init__()
        of = lambda name: weights[f"layers.{layer}.{name}"]
        mask = of("mask")
        held, moved = torch.where(mask == 1)[0], torch.where(mask == 0)[0]
        place = torch.argsort(order)
        self.take_held, self.take_moved = place[held], place[moved]
        self.order = torch.cat([held, moved])
        self.bound = bound
        self.bias = nn.Parameter(of("actnorm.bias")[order])
        self.log_scale = nn.Parameter(of("actnorm.logScale")[order])
        depth = sum(1 for name in weights if name.startswith(f"layers.{layer}.conditioner.") and name.endswith("weight"))
        steps = []
        for index in range(depth):
            weight, bias = of(f"conditioner.{index}.weight"), of(f"conditioner.{index}.bias")
            if index == 0:
                weight = weight[held]
            if index == depth - 1:
                outputs = torch.cat([moved, moved + len(mask)])
                weight, bias = weight[:, outputs], bias[outputs]
            linear = nn.Linear(*weight.shape)
            linear.weight.data.copy_(weight.T)
            linear.bias.data.copy_(bias)
            steps += [linear, nn.ReLU()]
        self.conditioner = nn.Sequential(*steps[:-1])

    def forward(self, x):
        x = (x + self.bias) * self.log_scale.exp()
        held, moved = x.index_select(1, self.take_held), x.index_select(1, self.take_moved)
        raw, shift = self.conditioner(held).chunk(2, 1)
        log_scale = self.bound * torch.tanh(raw / self.bound)
        z = torch.cat([held, torch.addcmul(shift, moved, log_scale.exp())], 1)
        return z, log_scale.sum(1) + self.log_scale.sum()


class Flow(nn.Module):
    def __init__(self, weights, bound):
        super().__init__()
        layers, order = [], torch.arange(len(weights["layers.0.mask"]))
        for layer in range(sum(1 for name in weights if name.endswith(".mask"))):
            layers.append(Layer(weights, layer, order, bound))
            order = layers[-1].order
        self.layers = nn.ModuleList(layers)

    def nll(self, x):
        log_det = 0
        for layer in self.layers:
            x, own = layer(x)
            log_det = log_det + own
        return 0.5 * (x * x).sum(1) + x.shape[1] * 0.5 * math.log(2 * math.pi) - log_det


def score(flow, rows, batch, calls):
    with torch.inference_mode():
        given = rows[:batch]
        taken = stopwatch()
        for _ in range(calls):
            nll = flow.nll(given)
        return {**taken(), "nll": nll[:8].double().tolist()}


def fit(path, rows, batch, steps, bound):
    """One training step: rows drawn and noised, loss, gradient, clipped, Adam."""
    flow = Flow(read_safetensors(path), bound)
    optimiser = torch.optim.Adam(flow.parameters(), lr=1e-3, betas=(0.9, 0.99))
    dim = rows.shape[1]
    for step in range(WARM_UP_STEPS + steps):
        if step == WARM_UP_STEPS:
            taken = stopwatch()
        given = rows[torch.randint(len(rows), (batch,))] + 0.05 * torch.randn(batch, dim)
        loss = flow.nll(given).mean()
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(flow.parameters(), 5 * math.sqrt(dim))
        optimiser.step()
    return taken()


def stopwatch():
    """Seconds since the start, by the clock and by the processor."""
    clock, processor = time.perf_counter(), time.process_time()
    return lambda: {"clock": time.perf_counter() - clock, "processor": time.process_time() - processor}


def main(path, rows_path, dim, bound):
    torch.set_num_threads(1)
    torch.manual_seed(1)
    rows = torch.from_numpy(np.fromfile(rows_path, dtype=np.float32).reshape(-1, dim))
    flow = Flow(read_safetensors(path), bound)
    answer = lambda message: print(json.dumps(message), flush=True)
    answer({"engine": f"PyTorch {torch.__version__.split('+')[0]} eager"})
    for line in sys.stdin:
        request = json.loads(line)
        if request["do"] == "score":
            answer(score(flow, rows, request["batch"], request["calls"]))
        else:
            answer(fit(path, rows, request["batch"], request["steps"], bound))


WARM_UP_STEPS = 50

main(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
