//! How many conversations one address may start.

use crate::platform::error::ApiError;
use std::{
    net::{IpAddr, Ipv6Addr},
    time::Duration,
};
use worker::{Env, Request, console_warn};

/// The binding in `wrangler.toml`, which has the numbers.
///
/// 300 in a minute. A thousand visitors behind one address who each begin a chat every ten minutes, which is much, start
/// 100 a minute; and since they come by chance, 150 in one minute is already five standard deviations away. So none of
/// them is ever refused, and twice as many are not either.
const STARTS: &str = "STARTS";
const PERIOD: Duration = Duration::from_secs(60);

/// Without the binding there is no limit: then the operator has another, or is at home.
pub(crate) async fn start(request: &Request, env: &Env) -> Result<(), ApiError> {
    let Some(address) = request.headers().get("cf-connecting-ip")? else {
        return Ok(());
    };
    let Ok(limiter) = env.rate_limiter(STARTS) else {
        return Ok(());
    };
    match limiter.limit(neighbourhood(&address)).await {
        Ok(outcome) if !outcome.success => Err(ApiError::TooFast(PERIOD)),
        Ok(_) => Ok(()),
        // Who counts is ill, not the visitor.
        Err(error) => {
            console_warn!("limit: {error}");
            Ok(())
        }
    }
}

/// Whoever has one address of version 6 has all that share its first half.
fn neighbourhood(address: &str) -> String {
    match address.parse() {
        Ok(IpAddr::V6(address)) => match address.to_ipv4_mapped() {
            Some(address) => address.to_string(),
            None => {
                let mut octets = address.octets();
                for octet in octets.iter_mut().skip(8) {
                    *octet = 0;
                }
                Ipv6Addr::from(octets).to_string()
            }
        },
        Ok(IpAddr::V4(address)) => address.to_string(),
        Err(_) => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_network_are_one() {
        assert_eq!(neighbourhood("192.0.2.1"), "192.0.2.1");
        assert_eq!(neighbourhood("::ffff:192.0.2.1"), "192.0.2.1");
        assert_eq!(neighbourhood("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(neighbourhood("2001:db8:1:2:ffff::1"), "2001:db8:1:2::");
        assert_eq!(neighbourhood("odd"), "odd");
    }

    proptest::proptest! {
        #[test]
        fn any_address_has_a_neighbourhood(text in ::tests::any::text(20), address in proptest::prelude::any::<u128>()) {
            neighbourhood(&text);
            let neighbours = [address, address ^ 1].map(|address| neighbourhood(&Ipv6Addr::from(address).to_string()));
            let is_mapped = Ipv6Addr::from(address).to_ipv4_mapped().is_some();
            proptest::prop_assert_eq!(neighbours[0] == neighbours[1], !is_mapped);
        }
    }
}
