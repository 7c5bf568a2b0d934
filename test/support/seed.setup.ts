/**
 * One seed for all properties: the gate gives the same answer for the same commit, and `just explore` looks
 * elsewhere. fast-check prints seed and path of a counterexample either way.
 */
import fc from "fast-check";

const FIXED_SEED = 20_261_121;

fc.configureGlobal({ seed: Number(process.env["TEST_SEED"] ?? FIXED_SEED) });
