//! Automatic answerers. One file a vendor.

pub(crate) mod dialogflow;
