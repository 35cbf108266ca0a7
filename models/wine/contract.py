"""What the wine model takes and gives: 13 measurements of a wine, the cultivar it was made from."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from models.column_form import Tensor, Tensors

EXAMPLE: dict[str, Any] = {
    "alcohol": 13.2,
    "malic_acid": 1.78,
    "ash": 2.14,
    "alcalinity_of_ash": 11.2,
    "magnesium": 100.0,
    "total_phenols": 2.65,
    "flavanoids": 2.76,
    "nonflavanoid_phenols": 0.26,
    "proanthocyanins": 1.28,
    "color_intensity": 4.38,
    "hue": 1.05,
    "od280_od315": 3.4,
    "proline": 1050.0,
}

# Wide enough for any wine, narrow enough to catch a wrong unit.
Share = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
Amount = Annotated[float, Field(ge=0, le=10_000, allow_inf_nan=False)]
Probability = Annotated[float, Field(ge=0)]


class Input(BaseModel):
    """One wine; every measurement is needed."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, json_schema_extra={"examples": [EXAMPLE]}
    )

    alcohol: Share = Field(description="Alcohol, % by volume.")
    malic_acid: Share = Field(description="Malic acid, g/l.")
    ash: Share = Field(description="Ash, g/l.")
    alcalinity_of_ash: Share = Field(description="Alkalinity of the ash, meq/l.")
    magnesium: Amount = Field(description="Magnesium, mg/l.")
    total_phenols: Share = Field(description="Total phenols, g/l.")
    flavanoids: Share = Field(description="Flavanoids, g/l.")
    nonflavanoid_phenols: Share = Field(description="Phenols that are no flavanoids, g/l.")
    proanthocyanins: Share = Field(description="Proanthocyanins, g/l.")
    color_intensity: Share = Field(description="Colour intensity, absorbance units.")
    hue: Share = Field(description="Hue: absorbance at 420 nm over that at 520 nm.")
    od280_od315: Share = Field(description="Absorbance at 280 nm over that at 315 nm, diluted.")
    proline: Amount = Field(description="Proline, mg/l.")


class Probabilities(BaseModel):
    """They sum to 1."""

    barolo: Probability
    grignolino: Probability
    barbera: Probability


class Output(BaseModel):
    """The most probable cultivar and all three probabilities."""

    label: Literal["barolo", "grignolino", "barbera"]
    probabilities: Probabilities


TENSORS = Tensors(
    inputs=[Tensor("measurements", "float32", tuple(EXAMPLE))],
    outputs=[
        Tensor("label", "string", ["label"]),
        Tensor(
            "probabilities",
            "float32",
            [f"probabilities.{name}" for name in Probabilities.model_fields],
        ),
    ],
)
