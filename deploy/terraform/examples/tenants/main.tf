# One topic, and a Mixpanel project for each tenant: each has its service, and a subscription whose
# filter takes the messages with its attribute.

provider "google" {}

provider "google-beta" {}

locals {
  tenants = {
    acme   = { region = "eu", token_secret = "mixpanel-token-acme" }
    globex = { region = "us", token_secret = "mixpanel-token-globex" }
  }
}

module "mixpanel" {
  source   = "../.."
  for_each = local.tenants

  project_id            = "my-project"
  region                = "europe-west1"
  name                  = "mixpanel-${each.key}"
  topic                 = "events"
  subscription          = "events-mixpanel-${each.key}"
  filter                = "attributes.tenant = \"${each.key}\""
  image                 = "europe-west1-docker.pkg.dev/my-project/pubsub-mixpanel/pubsub-mixpanel:0.2.0"
  mixpanel_region       = each.value.region
  mixpanel_token_secret = each.value.token_secret
  dead_letter           = { kind = "topic", name = "events-dead-${each.key}" }
}

output "doctor" {
  value = { for tenant, service in module.mixpanel : tenant => service.doctor }
}
