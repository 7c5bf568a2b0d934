# Recipes of Third Umpire. `npx -y rust-just` runs them without installing anything; `just` does when it is installed.

# Arguments reach a recipe as "$@": put into its text, a blank or a parenthesis in them would be the shell's.
set positional-arguments

# Show this list
default:
    @{{ just_executable() }} --list --unsorted

# Make a fresh clone ready: packages, the native Kafka client, the build
setup:
    @node scripts/setup.mjs

# Play the bundled matches through Postgres, Kafka and DuckDB, with a live screen; Ctrl-C stops everything
run *ARGS:
    @node scripts/setup.mjs --servers
    @node bin/third-umpire.js run "$@"

# Everything CI runs: all checks, then integration and end-to-end tests on real servers; last line: N passed, N failed
test: setup check
    @node scripts/test.mjs unit property contract integration timed browser e2e

# Checks and fast tests, without servers: format, lint, types, dead code, unit, property, contract
verify: setup check
    @node scripts/test.mjs unit property contract

# Format, lint, types and dead code only
check: setup
    @npx --no -- prettier --check --log-level warn .
    @npx --no -- oxlint --type-aware --deny-warnings
    @node scripts/walls.mjs
    @npx --no -- tsc -p tsconfig.json
    @npx --no -- tsc -p src/dashboard/client/tsconfig.json
    @npx --no -- tsc -p test/browser/tsconfig.json
    @npx --no -- knip

# Properties with a new seed and ten times the engine's scenarios: looks where the fixed seed of `just test` does not
explore: setup
    @TEST_SEED=$(date +%s) TEST_RUNS=20000 node scripts/test.mjs property

# Kill every process at random instants, again and again, and compare what is left with the expected scorecards (long)
prove-crash: setup
    @node scripts/test.mjs crash

# Kill the loader fifty times while it loads; rows, offsets and marts must agree each time (long)
prove-loader: setup
    @TEST_KILLS=50 npx --no -- vitest run --project integration test/integration/loader/kill.test.ts

# Play every sample match in six sets of files through three sources that are killed as they play; compare every scorecard (long)
prove-sources: setup
    @node scripts/test.mjs sources

# Kill everything some 75 times in a quarter of an hour; one of two processors must commit in nine of ten seconds (15 minutes; TEST_MINUTES)
prove-progress: setup
    @node scripts/test.mjs progress

# Watch the live page in Chromium while three sources play; print how long after its insert each ball is on it (minutes)
prove-live: setup
    @node scripts/test.mjs live

# Take the pictures of the live page in docs/images anew, while `just run` plays in another terminal
pictures: setup
    @node scripts/test.mjs pictures

# Play the scale set (5,300 matches, 3 million deliveries), watch the memory of every process, audit it (very long)
prove-scale: setup
    @node scripts/test.mjs scale

# Install Superset, look at every dashboard in Chromium, and keep four viewers on them while the warehouse changes (TEST_SOAK_MINUTES, 10)
prove-superset: setup
    @node scripts/test.mjs superset superset-remedies

# Measure the engine against its budget, beside a bare loop on the same client; --quick for a first look
bench *ARGS: setup
    @node dist/bench/run.js "$@"

# Measure what loading costs, from the clean topics to DuckDB with all marts, beside a bare loop over the same topics
bench-loader *ARGS: setup
    @node dist/bench/loader.js "$@"

# Measure what the feed plays into MongoDB, in turns with a loop that waits for the disk after each transaction
bench-feed *ARGS: setup
    @node dist/bench/feed-mongo.js "$@"

# Any command of the program: just tu status, just tu scorecards, just tu --help
tu *ARGS: setup
    @node bin/third-umpire.js "$@"

# Start Kafka and Postgres in the background
stack-up: setup
    @node bin/third-umpire.js up

# Stop them; their data stays
stack-down: setup
    @node bin/third-umpire.js down

# Show what Terraform would change in the three clouds; accounts and order: infra/README.md
infra-plan *ARGS: setup
    @node scripts/lambda-package.mjs
    @node scripts/terraform.mjs -chdir=infra init -input=false
    @node scripts/terraform.mjs -chdir=infra plan "$@"

# Make or change what infra/ describes; asks first
infra-apply *ARGS: setup
    @node scripts/lambda-package.mjs
    @node scripts/terraform.mjs -chdir=infra init -input=false
    @node scripts/terraform.mjs -chdir=infra apply "$@"

# Write the settings of what was made to .env, passwords from TF_VAR_…
env-pull:
    @node scripts/terraform.mjs -chdir=infra output -json env | node scripts/env-pull.mjs

# Make a role with few rights in the Postgres of TU_POSTGRES_URL, and put it into .env in place of the owner
db-init: setup
    @node scripts/db-init.mjs

# Remove everything that infra-apply made, data included; asks first
infra-destroy *ARGS:
    @node scripts/terraform.mjs -chdir=infra destroy "$@"

# Write the house format into every file
format: setup
    @npx --no -- prettier --write --log-level warn .

# Remove what was built; servers and data below .local stay (third-umpire reset removes those)
clean:
    rm -rf dist coverage
