#!/usr/bin/env bash
# Deploys as README.md says: a private service on Cloud Run, with dead letters in a topic. Run it from a
# checkout. It prints each command before it runs it, and leaves what exists as it is, so run it again
# after a failure. The subscription and the service take the settings below at each run. The service keeps
# its other variables and secrets, such as a mapping: docs/deploy-cloud-run.md says how to add one.
#
#   PROJECT_ID=my-project MIXPANEL_REGION=eu deploy/gcloud.sh
#   deploy/gcloud.sh --dry-run     prints the commands of a first run, and runs nothing
#   deploy/gcloud.sh --http2       Cloud Run speaks HTTP/2 to the service: docs/deploy-cloud-run.md says when
#   deploy/gcloud.sh --destroy     asks, then deletes the subscription, the service and its accounts
set -euo pipefail
cd "$(dirname "$0")/.."

main() {
  local dry='' task=deploy protocol='' argument
  for argument; do
    case $argument in
      --dry-run) dry=yes ;;
      --http2) protocol=--use-http2 ;;
      --destroy) task=destroy ;;
      *) fail "unknown argument: $argument. There are --dry-run, --http2 and --destroy." ;;
    esac
  done
  set_names
  "$task"
}

# The names of README.md. Two of them are never guessed.
set_names() {
  [ -n "$dry" ] || [ -n "${PROJECT_ID:-}" ] || fail 'set PROJECT_ID to the id of your project'
  [ -n "$dry" ] || [ -n "${MIXPANEL_REGION:-}" ] || [ "$task" = destroy ] ||
    fail "set MIXPANEL_REGION to your Mixpanel project's region: us, eu or in"
  PROJECT_ID=${PROJECT_ID:-my-project}
  REGION=${REGION:-europe-west1}
  MIXPANEL_REGION=${MIXPANEL_REGION:-eu}
  SERVICE=${SERVICE:-pubsub-mixpanel}
  TOPIC=${TOPIC:-events}
  SUBSCRIPTION=${SUBSCRIPTION:-$TOPIC-mixpanel}
  RUN_ACCOUNT=$SERVICE-run@$PROJECT_ID.iam.gserviceaccount.com
  PUSH_ACCOUNT=$SERVICE-push@$PROJECT_ID.iam.gserviceaccount.com
  local version
  version=$(sed -n 's/^  "version": "\(.*\)",$/\1/p' package.json)
  IMAGE=${IMAGE:-$REGION-docker.pkg.dev/$PROJECT_ID/$SERVICE/$SERVICE:$version}
  check_names
}

deploy() {
  run gcloud config set project "$PROJECT_ID"
  set_from PROJECT_NUMBER gcloud projects describe "$PROJECT_ID" --format='value(projectNumber)'
  local agent=service-$PROJECT_NUMBER@gcp-sa-pubsub.iam.gserviceaccount.com
  make_image
  make_accounts
  make_secret
  make_topics
  make_service
  make_subscription "$agent"
}

make_image() {
  run gcloud services enable run.googleapis.com pubsub.googleapis.com secretmanager.googleapis.com \
    artifactregistry.googleapis.com cloudbuild.googleapis.com
  exists gcloud artifacts repositories describe "$SERVICE" --location="$REGION" ||
    run gcloud artifacts repositories create "$SERVICE" --repository-format=docker --location="$REGION"
  run gcloud projects add-iam-policy-binding "$PROJECT_ID" --condition=None \
    --member="serviceAccount:$PROJECT_NUMBER-compute@developer.gserviceaccount.com" \
    --role=roles/cloudbuild.builds.builder
  exists gcloud artifacts docker images describe "$IMAGE" ||
    run gcloud builds submit --tag="$IMAGE" .
}

make_accounts() {
  exists gcloud iam service-accounts describe "$RUN_ACCOUNT" ||
    run gcloud iam service-accounts create "$SERVICE-run"
  exists gcloud iam service-accounts describe "$PUSH_ACCOUNT" ||
    run gcloud iam service-accounts create "$SERVICE-push"
  run gcloud beta services identity create --service=pubsub.googleapis.com
}

make_secret() {
  exists gcloud secrets describe mixpanel-project-token || store_token
  run gcloud secrets add-iam-policy-binding mixpanel-project-token \
    --member="serviceAccount:$RUN_ACCOUNT" --role=roles/secretmanager.secretAccessor
}

make_topics() {
  exists gcloud pubsub topics describe "$TOPIC" || run gcloud pubsub topics create "$TOPIC"
  exists gcloud pubsub topics describe "$TOPIC-dead" || run gcloud pubsub topics create "$TOPIC-dead"
  exists gcloud pubsub subscriptions describe "$TOPIC-dead" ||
    run gcloud pubsub subscriptions create "$TOPIC-dead" --topic="$TOPIC-dead" --ack-deadline=60 \
      --message-retention-duration=31d --expiration-period=never
  run gcloud pubsub topics add-iam-policy-binding "$TOPIC-dead" \
    --member="serviceAccount:$RUN_ACCOUNT" --role=roles/pubsub.publisher
}

# A service that exists keeps the variables and the secrets that its owner has added: without its mapping,
# it would send events as they were published. It loses an audience alone, which the pushes no longer bear.
make_service() {
  local change=set forget=''
  if exists gcloud run services describe "$SERVICE" --region="$REGION"; then
    change=update forget=--remove-env-vars=PUSH_AUDIENCE
  fi
  run gcloud run deploy "$SERVICE" --image="$IMAGE" --region="$REGION" --service-account="$RUN_ACCOUNT" \
    --execution-environment=gen2 --cpu=1 --memory=1Gi --concurrency=500 --timeout=60 --max-instances=10 \
    --startup-probe=httpGet.path=/health/ready --liveness-probe=httpGet.path=/health/live ${protocol:+"$protocol"} ${forget:+"$forget"} \
    "--$change-secrets=MIXPANEL_PROJECT_TOKEN=mixpanel-project-token:latest" --no-allow-unauthenticated \
    "--$change-env-vars=MIXPANEL_REGION=$MIXPANEL_REGION,PUSH_ACK_DEADLINE_SECONDS=60,METRICS_PORT=0,DEAD_LETTER=pubsub:projects/$PROJECT_ID/topics/$TOPIC-dead,PUSH_SERVICE_ACCOUNT=$PUSH_ACCOUNT,PUSH_AUTH=cloud-run-iam"
  run gcloud run services add-iam-policy-binding "$SERVICE" --region="$REGION" \
    --member="serviceAccount:$PUSH_ACCOUNT" --role=roles/run.invoker
  set_from URL gcloud run services describe "$SERVICE" --region="$REGION" --format='value(status.url)'
}

# The last step: a subscription pushes from the moment it exists. Its topic can't be changed later.
make_subscription() {
  local settings=(
    --push-endpoint="$URL/push" --push-auth-service-account="$PUSH_ACCOUNT"
    --push-auth-token-audience="$URL" --ack-deadline=60 --min-retry-delay=10s --max-retry-delay=600s
    --message-retention-duration=7d --expiration-period=never
  )
  run gcloud iam service-accounts add-iam-policy-binding "$PUSH_ACCOUNT" \
    --member="serviceAccount:$1" --role=roles/iam.serviceAccountTokenCreator
  if exists gcloud pubsub subscriptions describe "$SUBSCRIPTION"; then
    run gcloud pubsub subscriptions update "$SUBSCRIPTION" "${settings[@]}"
  else
    run gcloud pubsub subscriptions create "$SUBSCRIPTION" --topic="$TOPIC" "${settings[@]}"
  fi
}

# The token is never an argument, which a list of processes would show, and is never printed.
store_token() {
  [ -n "${MIXPANEL_PROJECT_TOKEN:-}" ] ||
    printf '%s\n' "read -rsp 'Mixpanel project token: ' MIXPANEL_PROJECT_TOKEN"
  printf '%s\n' "printf %s \"\$MIXPANEL_PROJECT_TOKEN\" | gcloud secrets create mixpanel-project-token --data-file=-"
  [ -z "$dry" ] || return 0
  [ -n "${MIXPANEL_PROJECT_TOKEN:-}" ] || read -rsp 'Mixpanel project token: ' MIXPANEL_PROJECT_TOKEN
  [ -n "$MIXPANEL_PROJECT_TOKEN" ] || fail 'there is no token'
  printf %s "$MIXPANEL_PROJECT_TOKEN" | gcloud secrets create mixpanel-project-token --data-file=-
}

destroy() {
  if [ -z "$dry" ]; then
    printf 'This deletes the subscription %s with its backlog, the service %s and its two accounts.\n' \
      "$SUBSCRIPTION" "$SERVICE" >&2
    local answer=''
    read -rp "Type the project's id to go on: " answer || true
    [ "$answer" = "$PROJECT_ID" ] || fail 'nothing was deleted'
  fi
  run gcloud config set project "$PROJECT_ID"
  ! exists gcloud pubsub subscriptions describe "$SUBSCRIPTION" ||
    run gcloud pubsub subscriptions delete "$SUBSCRIPTION" --quiet
  ! exists gcloud run services describe "$SERVICE" --region="$REGION" ||
    run gcloud run services delete "$SERVICE" --region="$REGION" --quiet
  ! exists gcloud iam service-accounts describe "$PUSH_ACCOUNT" ||
    run gcloud iam service-accounts delete "$PUSH_ACCOUNT" --quiet
  ! exists gcloud iam service-accounts describe "$RUN_ACCOUNT" ||
    run gcloud iam service-accounts delete "$RUN_ACCOUNT" --quiet
  printf 'The topics, the dead letters, the secret and the image stay: they may hold what you need.\n' >&2
}

# Prints a command, and runs it unless this is a dry run.
run() {
  print_command "$@"
  [ -n "$dry" ] || "$@"
}

# Sets a variable to what a command prints. In a dry run it stands for itself.
set_from() {
  local name=$1 value
  shift
  printf "%s=\$(%s)\n" "$name" "$(print_command "$@")"
  if [ -n "$dry" ]; then value=\$$name; else value=$("$@"); fi
  [ -n "$value" ] || fail "there is no $name"
  printf -v "$name" %s "$value"
}

# Whether something exists, by a command that describes it. A dry run asks nobody: it prints the commands
# of a first deployment, and those of a whole removal.
exists() {
  if [ -n "$dry" ]; then
    [ "$task" = destroy ]
    return
  fi
  local said
  said=$("$@" 2>&1 >/dev/null) && return
  case $said in
    *NOT_FOUND* | *'not found'* | *'Cannot find'*) return 1 ;;
  esac
  fail "$said"
}

# Prints a command as bash reads it. Names are checked, so a dollar begins a variable of set_from.
print_command() {
  local word line=''
  for word; do
    case $word in
      *[!a-zA-Z0-9_./:=@%+,-]*) line+=" \"$word\"" ;;
      *) line+=" $word" ;;
    esac
  done
  printf '%s\n' "${line# }"
}

check_names() {
  local name
  for name in PROJECT_ID REGION MIXPANEL_REGION SERVICE TOPIC SUBSCRIPTION IMAGE; do
    case ${!name} in
      '' | *[!a-zA-Z0-9_./:@~%+-]*) fail "$name is no name: '${!name}'" ;;
    esac
  done
  case $MIXPANEL_REGION in
    us | eu | in) ;;
    *) fail "MIXPANEL_REGION is us, eu or in, not $MIXPANEL_REGION" ;;
  esac
}

fail() {
  printf '%s\n' "$1" >&2
  exit 1
}

main "$@"
