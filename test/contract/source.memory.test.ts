import { memoryHarness } from "./source-memory.ts";
import { sourceContract } from "./source.contract.ts";

sourceContract("in memory, on the model of Kafka", memoryHarness());
