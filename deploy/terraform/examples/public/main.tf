# A public service that verifies the tokens itself, with a mapping file and a token of one version.

provider "google" {}

provider "google-beta" {}

module "mixpanel" {
  source = "../.."

  project_id                    = "my-project"
  region                        = "europe-west1"
  topic                         = "events"
  image                         = "europe-west1-docker.pkg.dev/my-project/pubsub-mixpanel/pubsub-mixpanel:0.2.0"
  mixpanel_region               = "eu"
  mixpanel_token_secret         = "mixpanel-project-token"
  mixpanel_token_secret_version = "1"
  auth                          = "oidc"
  mapping                       = file("${path.module}/../../../../examples/mappings/segment.yaml")
  env                           = { LOG_LEVEL = "info" }
}

output "doctor" {
  value = module.mixpanel.doctor
}
