"""A typical implementation of the same service: FastAPI, pydantic and PyTorch, one request at a time.

    pip install fastapi uvicorn torch safetensors
    python peer.py RUN/model.safetensors PORT

Loads Foldin's model file and answers POST /v1/recommendations with the same items. See measure.sh.
"""

import json
import sys

import torch
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
from safetensors import safe_open

with safe_open(sys.argv[1], "pt") as file:
    weights = {name: file.get_tensor(name) for name in file.keys()}
    metadata = file.metadata()
items = json.loads(metadata["items"])
titles = json.loads(metadata["titles"]) if "titles" in metadata else [None] * len(items)
index = {item: place for place, item in enumerate(items)}


class MultVAE(torch.nn.Module):
    """The paper's network, at evaluation: the latent mean, no dropout."""

    def __init__(self):
        super().__init__()

        def linears(prefix):
            count = sum(name.startswith(prefix) and name.endswith(".weight") for name in weights)
            made = []
            for number in range(count):
                weight, bias = weights[f"{prefix}{number}.weight"], weights[f"{prefix}{number}.bias"]
                linear = torch.nn.Linear(weight.shape[1], weight.shape[0])
                linear.weight.data, linear.bias.data = weight, bias
                made.append(linear)
            return torch.nn.ModuleList(made)

        self.encoder, self.decoder = linears("encode.q_layers.linear_"), linears("decode.p_layers.linear_")

    def forward(self, clicks):
        h = torch.nn.functional.normalize(clicks)
        for number, layer in enumerate(self.encoder):
            h = layer(h)
            if number < len(self.encoder) - 1:
                h = torch.tanh(h)
        h = h[:, : self.decoder[0].in_features]
        for number, layer in enumerate(self.decoder):
            h = layer(h)
            if number < len(self.decoder) - 1:
                h = torch.tanh(h)
        return h


model = MultVAE().eval()
app = FastAPI()


class Query(BaseModel):
    history: list[str]
    top: int = 10


class Item(BaseModel):
    item: str
    title: str | None
    score: float


class Reply(BaseModel):
    items: list[Item]
    unknown: list[str]


@app.post("/v1/recommendations")
def recommend(query: Query) -> Reply:
    known = [index[item] for item in query.history if item in index]
    clicks = torch.zeros(1, len(items))
    clicks[0, known] = 1
    with torch.inference_mode():
        scores = model(clicks)[0]
        scores[known] = -torch.inf
        best = torch.topk(scores, query.top)
    return Reply(
        items=[Item(item=items[i], title=titles[i], score=s) for s, i in zip(best.values.tolist(), best.indices.tolist())],
        unknown=[item for item in query.history if item not in index])


uvicorn.run(app, port=int(sys.argv[2]), log_level="warning")
