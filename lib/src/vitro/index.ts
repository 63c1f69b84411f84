/** vitro: the whole pipeline in a small invented world whose truth is known; for teaching and testing, it says nothing about real models. */
export * from "../datasets/vitro/index.ts";
