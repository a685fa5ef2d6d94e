//! Signing up and in, for shoppers and merchants.

use serde::{Deserialize, Serialize};

/// `POST /api/sign-up`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SignUp {
    pub email: String,
    /// 8 to 200 characters.
    pub password: String,
    /// 1 to 40 characters.
    pub display_name: String,
}

/// `POST /api/sign-in`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    pub email: String,
    pub password: String,
}

/// The answer to sign-up and sign-in; the session itself is the cookie beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignedIn {
    pub display_name: String,
}

/// `POST /api/merchant/sign-in`.
pub type MerchantSignIn = SignIn;

/// `GET /api/merchant/me`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MerchantMe {
    pub merchant_id: String,
    pub email: String,
}
