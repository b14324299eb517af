import json, time
from dataclasses import replace
from pathlib import Path
from io import StringIO
from rich.console import Console
from tierline.training.retraining.job import RetrainJob, retrain
from tierline.training.retraining.assembly import Sources
from tierline.training.recipe import Recipe

def test_it(own_store, recipe, tickets):
    rows = [json.loads(l) for l in tickets.read_text().splitlines()]
    for r in rows: r["body"] = r["body"].split("\n")[0]; r.pop("split")
    data = own_store/"d.jsonl"
    data.write_text("".join(json.dumps(r)+"\n" for r in rows))
    pol = own_store/"p.toml"
    pol.write_text("[gate]\nleast_tickets=10\nmargin=0.2\nlatency_ratio=100\nmemory_ratio=10\n")
    c = Console(width=150)
    job = RetrainJob(Sources([data]), own_store/"out", replace(recipe, alpha=.1), pol)
    t=time.time()
    o = retrain(job, c); print("SECONDS", time.time()-t); t=time.time()
    o = retrain(job, c); print("SECONDS", time.time()-t); t=time.time()
    fb = own_store/"f.csv"
    fb.write_text("id,severity,origin,model_severity\nt1,P1,human,P2\n")
    o = retrain(replace(job, sources=Sources([data],[fb])), c); print("SECONDS", time.time()-t)
