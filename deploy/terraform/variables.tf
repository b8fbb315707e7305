variable "project_id" {
  description = "The Google Cloud project of the topic, the subscription and the service."
  type        = string
}

variable "region" {
  description = "The region of the service, such as europe-west1."
  type        = string
}

variable "name" {
  description = "The name of the service. The service accounts are NAME-run and NAME-push."
  type        = string
  default     = "pubsub-mixpanel"

  validation {
    # The id of a service account has 30 characters at most.
    condition     = can(regex("^[a-z][a-z0-9-]{0,24}$", var.name))
    error_message = "The name has 25 characters at most: lower-case letters, digits and hyphens, a letter first."
  }
}

variable "topic" {
  description = "The name of the topic that holds the events, in the same project."
  type        = string
}

variable "create_topic" {
  description = "Whether the module makes the topic. By default the topic exists."
  type        = bool
  default     = false
}

variable "subscription" {
  description = "The name of the push subscription. By default TOPIC-mixpanel."
  type        = string
  default     = null
}

variable "filter" {
  description = "The filter of the subscription, on attributes: attributes.tenant = \"acme\". It can't be changed later."
  type        = string
  default     = null
}

variable "image" {
  description = "The image of the service, with its tag or digest."
  type        = string
}

variable "mixpanel_region" {
  description = "The region where the Mixpanel project keeps its data: us, eu or in."
  type        = string

  validation {
    condition     = contains(["us", "eu", "in"], var.mixpanel_region)
    error_message = "The region of Mixpanel is us, eu or in."
  }
}

variable "mixpanel_token_secret" {
  description = "The id of the secret that holds the token of the Mixpanel project. It exists, and the module never reads it."
  type        = string
}

variable "mixpanel_token_secret_version" {
  description = "The version of that secret. With a number, a new token is a change that the plan shows."
  type        = string
  default     = "latest"
}

variable "auth" {
  description = "cloud-run-iam: private, Cloud Run verifies the tokens. oidc: public, the service verifies them."
  type        = string
  default     = "cloud-run-iam"

  validation {
    condition     = contains(["cloud-run-iam", "oidc"], var.auth)
    error_message = "The way to authenticate is cloud-run-iam or oidc."
  }
}

variable "dead_letter" {
  description = "The place for rejected events: a topic, a bucket, or the dead-letter policy of the subscription. The name is by default TOPIC-dead, or PROJECT-dead-letters for a bucket. Only a policy has attempts."
  type = object({
    kind                  = string
    name                  = optional(string)
    max_delivery_attempts = optional(number, 100)
  })
  default = { kind = "topic" }

  validation {
    condition     = contains(["topic", "bucket", "subscription"], var.dead_letter.kind)
    error_message = "The kind of place for dead letters is topic, bucket or subscription."
  }
}

variable "mapping" {
  description = "The text of a mapping file: file(\"mapping.yaml\"). The module stores it as a secret and mounts it."
  type        = string
  default     = null

  validation {
    condition     = var.mapping == null ? true : length(base64encode(var.mapping)) <= 87384
    error_message = "A secret holds 64 KiB. Put a larger mapping into an image on top of this one."
  }
}

variable "env" {
  description = "Other variables of the service by name, as docs/configuration.md has them. Secrets go into secret_env."
  type        = map(string)
  default     = {}

  validation {
    condition = length(setintersection(keys(var.env), [
      "MIXPANEL_PROJECT_TOKEN", "MIXPANEL_REGION", "PUSH_AUTH", "PUSH_AUDIENCE", "PUSH_SERVICE_ACCOUNT",
      "PUSH_ACK_DEADLINE_SECONDS", "METRICS_PORT", "DEAD_LETTER", "TRANSFORM",
    ])) == 0
    error_message = "The module sets one of these variables itself, from its own arguments."
  }
}

variable "secret_env" {
  description = "Variables of the service whose values are secrets, by name: the key that a mapping's privacy section names. Each names a secret that exists, and the module never reads it. The version is latest by default."
  type = map(object({
    secret  = string
    version = optional(string, "latest")
  }))
  default = {}

  validation {
    condition = length(setintersection(keys(var.secret_env), [
      "MIXPANEL_PROJECT_TOKEN", "MIXPANEL_REGION", "PUSH_AUTH", "PUSH_AUDIENCE", "PUSH_SERVICE_ACCOUNT",
      "PUSH_ACK_DEADLINE_SECONDS", "METRICS_PORT", "DEAD_LETTER", "TRANSFORM",
    ])) == 0
    error_message = "The module sets one of these variables itself, from its own arguments."
  }
}

variable "cpu" {
  description = "The CPUs of an instance."
  type        = string
  default     = "1"
}

variable "memory" {
  description = "The memory of an instance. 512Mi is the least that is good."
  type        = string
  default     = "1Gi"
}

variable "max_instances" {
  description = "The most instances at once."
  type        = number
  default     = 10
}

variable "labels" {
  description = "Labels of the service, the subscriptions, the topics, the bucket and the secret that the module makes."
  type        = map(string)
  default     = {}
}

variable "deletion_protection" {
  description = "Whether Terraform refuses to delete the service."
  type        = bool
  default     = true
}

variable "alerts" {
  description = "Whether the module makes alerts, a dashboard and the log-based metrics of the dashboard."
  type        = bool
  default     = true
}

variable "notification_channels" {
  description = "The channels that an alert is sent to: projects/P/notificationChannels/N."
  type        = list(string)
  default     = []
}

variable "runbook" {
  description = "The address of docs/runbook.md where your people read it. Each alert links its section."
  type        = string
  default     = "docs/runbook.md"
}

variable "http2" {
  description = "Whether Cloud Run speaks HTTP/2 to the service, end to end. It lifts the limit of 800 requests a second to an instance, which HTTP/1 has, so events that come one in a message need fewer instances. A push over HTTP/2 takes more CPU of the service: docs/scaling.md has the figures."
  type        = bool
  default     = false
}

variable "prometheus_sidecar" {
  description = "Whether Google's collector of Prometheus metrics runs beside the service. It needs CPU between pushes, so this sets instance-based billing: an instance costs from its start to its end, and not only while a push is open. With the collector (1 CPU, 512Mi) and the defaults of cpu and memory that is about 100 US dollars for each instance that runs for a month (tier 1 prices: 0.000018 a CPU second, 0.000002 a GiB second), and the samples cost besides. The alerts do not need it."
  type        = bool
  default     = false
}
