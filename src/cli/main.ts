#!/usr/bin/env node
import { runMain } from "./program.ts";

await runMain(process.argv);
