"""A FastAPI application of no list at all, as its author would write it: `fastapi_app.py PORT`."""

from __future__ import annotations

import sys
from typing import Annotated

import uvicorn
from fastapi import FastAPI, Query
from pydantic import BaseModel

app = FastAPI(title="Tariffs", description="Prices of parcels.", version="1.4.0")


class Price(BaseModel):
    """What a parcel costs."""

    zone: str
    cents: int


class Parcel(BaseModel):
    weight: float
    zone: str


@app.post("/quote", summary="Quote a parcel")
def quote(parcel: Parcel) -> Price:
    """What one parcel costs."""
    return Price(zone=parcel.zone, cents=1)


@app.get("/zones/{zone}/price")
def price(zone: str, weight: Annotated[float, Query(gt=0)] = 1.0) -> Price:
    return Price(zone=zone, cents=round(weight))


@app.get("/quotes/{number}", tags=["quotes"])
def kept(number: int) -> Price:
    return Price(zone="a", cents=number)


@app.delete("/quotes/{number}", tags=["quotes"], status_code=204)
def forget(number: int) -> None: ...


uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
