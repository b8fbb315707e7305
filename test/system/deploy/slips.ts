/** A mistake in one file: a text in place of another, and words of a fault that it must bring. */
export interface Slip {
  readonly name: string
  readonly file: string
  readonly text: string
  readonly instead: string
  readonly fault: RegExp
}

const MAIN = 'deploy/terraform/main.tf'
const PAGE = 'docs/deploy-cloud-run.md'
const SCRIPT = 'deploy/gcloud.sh'
const KNATIVE = 'deploy/cloud-run/service.yaml'

/** Mistakes that people make in descriptions of a deployment. */
export const SLIPS: readonly Slip[] = [
  slip('the ack deadline is Pub/Sub’s default', 'README.md', {
    text: '--push-auth-token-audience="$URL" --ack-deadline=60',
    instead: '--push-auth-token-audience="$URL" --ack-deadline=10',
    fault: /the ack deadline is 10 s, and 60 s in the service/,
  }),
  slip('the service believes in a longer ack deadline', SCRIPT, {
    text: 'PUSH_ACK_DEADLINE_SECONDS=60',
    instead: 'PUSH_ACK_DEADLINE_SECONDS=600',
    fault: /the request timeout is below the ack deadline/,
  }),
  slip('the request timeout is below the ack deadline', KNATIVE, {
    text: 'timeoutSeconds: 60',
    instead: 'timeoutSeconds: 30',
    fault: /the request timeout is below the ack deadline/,
  }),
  slip('the startup probe asks a path of Kubernetes', MAIN, {
    text: '"/health/ready"',
    instead: '"/healthz"',
    fault: /the startup path ends in z/,
  }),
  slip('the liveness probe asks a path that is no route', KNATIVE, {
    text: 'path: /health/live',
    instead: 'path: /health/alive',
    fault: /routes: no GET \/health\/alive/,
  }),
  slip('a route of the API gets another name', 'openapi.yaml', {
    text: '  /health/live:',
    instead: '  /health/alive:',
    fault: /README.md: routes: no GET \/health\/live/,
  }),
  slip('the shortest retry delay is nothing', MAIN, {
    text: 'minimum_backoff = "10s"',
    instead: 'minimum_backoff = "0s"',
    fault: /the shortest retry delay is 0 s/,
  }),
  slip('the longest retry delay is over what Pub/Sub allows', SCRIPT, {
    text: '--max-retry-delay=600s',
    instead: '--max-retry-delay=900s',
    fault: /the longest retry delay is 900 s/,
  }),
  slip('the retry policy is left out', PAGE, {
    text: ' --min-retry-delay=10s --max-retry-delay=600s',
    instead: '',
    fault: /the shortest retry delay is NaN s/,
  }),
  slip('the subscription expires', MAIN, {
    text: 'maximum_backoff = "600s"\n  }\n\n  expiration_policy {\n    ttl = ""',
    instead: 'maximum_backoff = "600s"\n  }\n\n  expiration_policy {\n    ttl = "2678400s"',
    fault: /the subscription expires: 2678400/,
  }),
  slip('concurrency is Cloud Run’s default', 'README.md', {
    text: '--concurrency=500',
    instead: '--concurrency=80',
    fault: /concurrency is 80/,
  }),
  slip('the module asks for HTTP/2 unasked', MAIN, {
    text: 'var.http2 ? "h2c" : "http1"',
    instead: '"h2c"',
    fault: /terraform: http2: true differs from false/,
  }),
  slip('the module never asks for HTTP/2', MAIN, {
    text: 'var.http2 ? "h2c" : "http1"',
    instead: 'var.http2 ? "http2" : "http1"',
    fault: /terraform, HTTP\/2: http2: false differs from true/,
  }),
  slip('HTTP/2 is on by default in the module', 'deploy/terraform/variables.tf', {
    text: 'docs/scaling.md has the figures."\n  type        = bool\n  default     = false',
    instead: 'docs/scaling.md has the figures."\n  type        = bool\n  default     = true',
    fault: /terraform: http2: true differs from false/,
  }),
  slip('the script asks for HTTP/2 unasked', SCRIPT, {
    text: "protocol='' argument",
    instead: 'protocol=--use-http2 argument',
    fault: /gcloud.sh: http2: true differs from false/,
  }),
  slip('the script takes the flag and does nothing', SCRIPT, {
    text: '--http2) protocol=--use-http2 ;;',
    instead: '--http2) ;;',
    fault: /gcloud.sh --http2: http2: false differs from true/,
  }),
  slip('the Knative file asks for HTTP/2', KNATIVE, {
    text: '          # ports:\n          #   - name: h2c\n          #     containerPort: 8080\n',
    instead: '          ports:\n            - name: h2c\n              containerPort: 8080\n',
    fault: /service.yaml: http2: true differs from false/,
  }),
  slip('memory is too small', 'deploy/terraform/variables.tf', {
    text: '"1Gi"',
    instead: '"256Mi"',
    fault: /memory is 256Mi/,
  }),
  slip('the service expects another audience', PAGE, {
    text: 'PUSH_AUDIENCE=$AUDIENCE',
    instead: 'PUSH_AUDIENCE=$SERVICE',
    fault: /audiences: no pubsub-mixpanel-my-project among pubsub-mixpanel/,
  }),
  slip('the pushes bear another audience', MAIN, {
    text: 'local.verified_by_service ? local.audience_of_the_oidc : google_cloud_run_v2_service.service.uri',
    instead: 'google_cloud_run_v2_service.service.uri',
    fault: /public: audiences: no https:/,
  }),
  slip('a private service lets everybody in', MAIN, {
    text: 'var.auth == "cloud-run-iam" ? google_service_account.push.member : "allUsers"',
    instead: '"allUsers"',
    fault: /nothing needs the grant roles\/run.invoker on pubsub-mixpanel to allUsers/,
  }),
  slip('the command makes a private service public', 'README.md', {
    text: '--no-allow-unauthenticated',
    instead: '--allow-unauthenticated',
    fault: /nothing needs the grant roles\/run.invoker on pubsub-mixpanel to allUsers/,
  }),
  slip('the service may read each secret of the project', SCRIPT, {
    text: 'secrets add-iam-policy-binding mixpanel-project-token',
    instead: 'projects add-iam-policy-binding "$PROJECT_ID"',
    fault: /nothing needs the grant roles\/secretmanager.secretAccessor on my-project to/,
  }),
  slip('the service may do everything with a topic', PAGE, {
    text: 'DEAD_LETTER=pubsub:projects',
    instead:
      'gcloud pubsub topics add-iam-policy-binding "$TOPIC" --role=roles/pubsub.admin\nDEAD_LETTER=pubsub:projects',
    fault: /no rule knows the setting roles\/pubsub.admin of the subscription/,
  }),
  slip('the push account may call each service of the project', PAGE, {
    text: 'AUDIENCE=$URL\n',
    instead:
      'gcloud projects add-iam-policy-binding "$PROJECT_ID" --member="serviceAccount:$PUSH_ACCOUNT" --role=roles/run.invoker\nAUDIENCE=$URL\n',
    fault: /private: nothing needs the grant roles\/run.invoker on my-project to/,
  }),
  slip('the module grants a role on the project', MAIN, {
    text: '# 4. The place',
    instead: 'resource "google_project_iam_binding" "run" {}\n\n# 4. The place',
    fault: /no rule knows the setting google_project_iam_binding/,
  }),
  slip('Pub/Sub’s agent gets a role that signs no token', SCRIPT, {
    text: 'roles/iam.serviceAccountTokenCreator',
    instead: 'roles/iam.serviceAccountUser',
    fault: /grants: no roles\/iam.serviceAccountTokenCreator/,
  }),
  slip('the subscription does not wait for a grant', MAIN, {
    text: '    google_service_account_iam_member.token_creator,\n',
    instead: '',
    fault: /grants before the subscription: no roles\/iam.serviceAccountTokenCreator/,
  }),
  slip('the service may not read the secret of a key', MAIN, {
    text: 'secret_id = each.value',
    instead: 'secret_id = var.mixpanel_token_secret',
    fault: /terraform, keys: grants: no roles\/secretmanager.secretAccessor on privacy-key/,
  }),
  slip('pushes begin before the service may read the secret of a key', MAIN, {
    text: '    google_secret_manager_secret_iam_member.variable,\n',
    instead: '',
    fault: /terraform, keys: grants before the subscription: no .* on privacy-key/,
  }),
  slip('the page gives the service a key in the clear', PAGE, {
    text: 'SECRETS=$SECRETS,PRIVACY_KEY=privacy-key:latest',
    instead: 'ENVIRONMENT=$ENVIRONMENT,PRIVACY_KEY=privacy-key',
    fault: /public: the key PRIVACY_KEY is no secret/,
  }),
  slip('the service may not publish dead letters', MAIN, {
    text: 'roles/pubsub.publisher',
    instead: 'roles/pubsub.viewer',
    fault: /grants: no roles\/pubsub.publisher/,
  }),
  slip('the service may only read its bucket', PAGE, {
    text: 'roles/storage.objectUser\nDEAD',
    instead: 'roles/storage.objectViewer\nDEAD',
    fault: /grants: no roles\/storage.objectUser/,
  }),
  slip('a bucket streams its writes', MAIN, {
    text: '"enable-streaming-writes=false"',
    instead: '"enable-streaming-writes=true"',
    fault: /mount options: no enable-streaming-writes=false/,
  }),
  slip('a variable is written wrong', KNATIVE, {
    text: 'name: METRICS_PORT',
    instead: 'name: METRIC_PORT',
    fault: /there is no variable METRIC_PORT/,
  }),
  slip('a variable is missing', MAIN, {
    text: '      DEAD_LETTER               = local.dead_letter\n',
    instead: '',
    fault: /DEAD_LETTER/,
  }),
  slip('pushes go to a path that ends in z', SCRIPT, {
    text: '"$URL/push"',
    instead: '"$URL/pushz"',
    fault: /the push path ends in z/,
  }),
  slip('Terraform may delete the subscription and its backlog', MAIN, {
    text: '# With it goes its backlog.\n  lifecycle {\n    prevent_destroy = true',
    instead: '# With it goes its backlog.\n  lifecycle {\n    prevent_destroy = false',
    fault: /prevent_destroy of google_pubsub_subscription.events is false/,
  }),
  slip('CPU is billed by the instance', MAIN, {
    text: 'cpu_idle = !var.prometheus_sidecar',
    instead: 'cpu_idle = false',
    fault: /CPU is always allocated/,
  }),
  slip(
    'an example sets an argument that there is not',
    'deploy/terraform/examples/public/main.tf',
    {
      text: '  mixpanel_token_secret ',
      instead: '  mixpanel_token ',
      fault: /example public: mixpanel_token is unknown/,
    },
  ),
  slip('CPU is billed by the instance, in the Knative file', KNATIVE, {
    text: 'cpu-throttling: "true"',
    instead: 'cpu-throttling: "false"',
    fault: /CPU is always allocated/,
  }),
  slip('payload unwrapping is on', 'README.md', {
    text: '--push-endpoint="$URL/push"',
    instead: '--push-no-wrapper --push-endpoint="$URL/push"',
    fault: /no rule knows the setting push-no-wrapper/,
  }),
  slip('the subscription is ordered', MAIN, {
    text: '  filter                     = var.filter',
    instead: '  filter = var.filter\n  enable_message_ordering = true',
    fault: /no rule knows the setting enable_message_ordering/,
  }),
  slip('the dead letters expire', PAGE, {
    text: '--message-retention-duration=31d --expiration-period=never',
    instead: '--message-retention-duration=31d',
    fault: /letters expire/,
  }),
  slip('the dead letters are kept for a week', MAIN, {
    text: '"2678400s"',
    instead: '"604800s"',
    fault: /letters are kept 604800 s/,
  }),
  slip('a dead-letter policy has few attempts', 'deploy/terraform/variables.tf', {
    text: 'optional(number, 100)',
    instead: 'optional(number, 5)',
    fault: /a policy of 5 attempts/,
  }),
  slip(
    'an example names a region of Google for Mixpanel',
    'deploy/terraform/examples/tenants/main.tf',
    {
      text: 'each.value.region',
      instead: '"europe-west1"',
      fault: /example tenants: .*MIXPANEL_REGION/,
    },
  ),
  slip('an owner may overwrite a variable that the module sets', 'deploy/terraform/variables.tf', {
    text: ' "DEAD_LETTER",',
    instead: '',
    fault: /env may overwrite DEAD_LETTER/,
  }),
  slip('the service has no CPU for its collector', MAIN, {
    text: 'cpu_idle = !var.prometheus_sidecar',
    instead: 'cpu_idle = true',
    fault: /collector: the collector has no CPU between pushes/,
  }),
  slip('the collector has no CPU itself', MAIN, {
    text: 'cpu_idle = false',
    instead: 'cpu_idle = true',
    fault: /collector: the collector has no CPU between pushes/,
  }),
  slip('a collector runs, and is billed, unasked', 'deploy/terraform/variables.tf', {
    text: 'type        = bool\n  default     = false\n}\n',
    instead: 'type        = bool\n  default     = true\n}\n',
    fault: /terraform: collector: .* differs from nothing/,
  }),
  slip('the collector asks the port of the pushes', MAIN, {
    text: 'port = local.metrics_port',
    instead: 'port = 8080',
    fault: /the collector asks port 8080, and the service has its metrics at 9464/,
  }),
  slip('the service has no metrics for its collector', MAIN, {
    text: 'var.prometheus_sidecar ? local.metrics_port : 0',
    instead: '0',
    fault: /the collector asks port 9464, and the service has its metrics at 0/,
  }),
  slip('the collector asks a path without metrics', MAIN, {
    text: 'path = "/metrics"',
    instead: 'path = "/"',
    fault: /the collector asks \//,
  }),
  slip('the settings of the collector lie elsewhere', MAIN, {
    text: '"/etc/rungmp"',
    instead: '"/etc/gmp"',
    fault: /the collector does not read \/etc\/gmp\/config.yaml/,
  }),
  slip('the collector starts before the service', MAIN, {
    text: 'depends_on = [local.service_container]',
    instead: 'depends_on = []',
    fault: /the collector starts after: no service/,
  }),
  slip('the collector may not write metrics', MAIN, {
    text: 'roles/monitoring.metricWriter',
    instead: 'roles/monitoring.viewer',
    fault: /grants: no roles\/monitoring.metricWriter on my-project/,
  }),
  slip('the right to write metrics is granted without a collector', MAIN, {
    text: 'resource "google_project_iam_member" "collector" {\n  count = var.prometheus_sidecar ? 1 : 0',
    instead: 'resource "google_project_iam_member" "collector" {\n  count = 1',
    fault: /terraform: nothing needs the grant roles\/monitoring.metricWriter/,
  }),
  slip('the settings of the collector may not be read', MAIN, {
    text: 'secret_id = google_secret_manager_secret.collector[0].secret_id',
    instead: 'secret_id = var.mixpanel_token_secret',
    fault: /grants: no roles\/secretmanager.secretAccessor on pubsub-mixpanel-collector/,
  }),
  slip('pushes begin before the collector may write', MAIN, {
    text: '    google_project_iam_member.collector,\n',
    instead: '',
    fault: /grants before the subscription: no roles\/monitoring.metricWriter/,
  }),
  slip('an image is of another version', KNATIVE, {
    text: 'pubsub-mixpanel/pubsub-mixpanel:',
    instead: 'pubsub-mixpanel/pubsub-mixpanel:9.',
    fault: /the image .* is not/,
  }),
]

function slip(name: string, file: string, rest: Omit<Slip, 'name' | 'file'>): Slip {
  return { name, file, ...rest }
}
