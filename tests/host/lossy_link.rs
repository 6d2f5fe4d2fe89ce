//! Both halves of a conversation over a link that breaks, swallows and repeats. The seed is printed on failure.

use shared::{
    client::{Client, Connection, Effect, Input, Kept},
    conversation::{ConnectionId, Input as CoreInput, To},
    message::{MessageId, Said, Seq},
    newer::Maybe,
    protocol::{ClientFrame, ServerFrame, StartAnswer},
};
use std::time::Duration;
use tests::{Random, Stage};

const GAMES: u64 = 300;
const STEPS: u64 = 150;

/// Two tabs of one visitor and the edge between them.
struct World {
    stage: Stage,
    tabs: Vec<Tab>,
    network: Network,
}

struct Tab {
    name: String,
    client: Client,
    socket: Socket,
    sent: u32,
}

#[derive(PartialEq)]
enum Socket {
    Closed,
    Open,
    /// Half-open: neither side has been told, and nothing passes any more.
    Dead,
}

#[derive(Clone, Copy, PartialEq)]
enum Network {
    Up,
    Down,
    /// Plain HTTP works, sockets do not.
    NoSockets,
}

impl World {
    fn new() -> Self {
        let stage = Stage::start("person");
        let mut world = Self {
            stage,
            tabs: vec![],
            network: Network::Up,
        };
        for name in ["a", "b"] {
            let client = Client::default();
            world.tabs.push(Tab {
                name: name.into(),
                client,
                socket: Socket::Closed,
                sent: 0,
            });
            let session = StartAnswer {
                conversation: "c".into(),
                token: "t".into(),
            };
            world.input(world.tabs.len() - 1, Input::Restored(Kept::Running(session)));
        }
        world
    }

    fn input(&mut self, tab: usize, input: Input) {
        let effects = self.tabs[tab].client.handle(input, self.stage.now, 0.5);
        for effect in effects {
            self.carry_out(tab, effect);
        }
    }

    fn carry_out(&mut self, tab: usize, effect: Effect) {
        match effect {
            Effect::OpenSocket { after, .. } => match self.network {
                Network::Up => {
                    self.tabs[tab].socket = Socket::Open;
                    self.input(tab, Input::SocketOpened);
                    self.core(CoreInput::VisitorConnected {
                        connection: self.connection(tab),
                        after,
                    });
                }
                Network::Down | Network::NoSockets => self.input(tab, Input::SocketClosed),
            },
            Effect::CloseSocket => self.tabs[tab].socket = Socket::Closed,
            Effect::SendFrames(frames) if self.tabs[tab].socket == Socket::Open => {
                for frame in frames {
                    self.frame(tab, frame);
                }
            }
            Effect::Ping if self.tabs[tab].socket == Socket::Open => {
                self.stage.heartbeat_at = Some(self.stage.now);
                self.input(tab, Input::FramesArrived(vec![]));
            }
            Effect::SendFrames(_) | Effect::Ping => {}
            Effect::Poll { request, .. } => self.poll(
                tab,
                request.after,
                request.frames.into_iter().filter_map(Maybe::known).collect(),
            ),
            Effect::Start(_) | Effect::Keep(_) | Effect::Forget => {}
        }
    }

    fn connection(&self, tab: usize) -> ConnectionId {
        ConnectionId(self.tabs[tab].name.clone())
    }

    fn frame(&mut self, tab: usize, frame: ClientFrame) {
        if let ClientFrame::Send { id, text } = frame {
            self.core(CoreInput::VisitorSent {
                connection: self.connection(tab),
                id,
                text,
            });
        }
    }

    fn poll(&mut self, tab: usize, after: Seq, frames: Vec<ClientFrame>) {
        if self.network == Network::Down {
            return self.input(tab, Input::PollFailed);
        }
        for frame in frames {
            self.frame(tab, frame);
        }
        let state = self.stage.conversation.state();
        let entries = self
            .stage
            .rows
            .iter()
            .map(|(entry, _)| entry.clone())
            .filter(|entry| entry.seq > after)
            .collect();
        self.input(
            tab,
            Input::PollAnswered(vec![ServerFrame::Hello { state }, ServerFrame::Entries(entries)]),
        );
    }

    /// To the edge, and what it sends to the tabs that can hear it.
    fn core(&mut self, input: CoreInput) {
        self.stage.take(input);
        self.deliver();
    }

    fn deliver(&mut self) {
        for (to, frame) in std::mem::take(&mut self.stage.sent) {
            for tab in 0..self.tabs.len() {
                let meant = match &to {
                    To::Everyone => true,
                    To::One(connection) => *connection == self.connection(tab),
                };
                if meant && self.tabs[tab].socket == Socket::Open {
                    self.input(tab, Input::FramesArrived(vec![frame.clone()]));
                }
            }
        }
    }

    fn pass(&mut self, time: Duration) {
        let end = self.stage.now + time;
        loop {
            let next = (0..self.tabs.len())
                .filter_map(|tab| Some((self.tabs[tab].client.next_deadline()?, tab)))
                .filter(|(at, _)| *at <= end)
                .min();
            let Some((at, tab)) = next else { break };
            self.stage.now = self.stage.now.max(at);
            self.input(tab, Input::TimerFired);
        }
        self.stage.now = end;
    }

    fn change_network(&mut self, network: Network) {
        self.network = network;
        if network != Network::Up {
            for tab in self.tabs.iter_mut().filter(|tab| tab.socket == Socket::Open) {
                tab.socket = Socket::Dead;
            }
        }
    }

    fn cut_sockets(&mut self) {
        for tab in 0..self.tabs.len() {
            if self.tabs[tab].socket != Socket::Closed {
                self.tabs[tab].socket = Socket::Closed;
                self.input(tab, Input::SocketClosed);
            }
        }
    }

    fn step(&mut self, random: &mut Random) {
        let tab = usize::try_from(random.below(2)).unwrap_or_default();
        match random.below(12) {
            0..=3 => {
                self.tabs[tab].sent += 1;
                let Tab { name, sent, .. } = &self.tabs[tab];
                let text = format!("{name}-{sent}");
                let id = MessageId::parse(format!("message-{text}")).unwrap_or_else(|| panic!("{text}"));
                self.input(tab, Input::SendPressed { id, text });
            }
            4..=6 => {
                let message = self.stage.agent_writes("answer");
                self.core(CoreInput::DeskSignalled { message });
            }
            7 => {
                let ways = [Network::Up, Network::Down, Network::NoSockets];
                self.change_network(ways[usize::try_from(random.below(3)).unwrap_or_default()]);
            }
            8 => self.cut_sockets(),
            9 => {
                self.stage.crash();
                self.cut_sockets();
            }
            10 => self.input(tab, Input::RetryPressed),
            _ => self.pass(Duration::from_secs(random.below(30))),
        }
    }

    fn check(&self, seed: u64) {
        let stored = self.stage.rows.len();
        let of_agents = self.stage.rows.iter().filter_map(|(_, source)| source.clone());
        let written = self.stage.written.iter().map(|message| message.source.clone());
        assert_eq!(
            of_agents.collect::<Vec<_>>(),
            written.collect::<Vec<_>>(),
            "what agents wrote, seed {seed}"
        );
        for tab in &self.tabs {
            let name = &tab.name;
            assert_eq!(
                tab.client.transcript().outgoing(),
                [],
                "tab {name} still holds messages, seed {seed}"
            );
            assert_eq!(
                tab.client.transcript().entries().len(),
                stored,
                "tab {name} misses entries, seed {seed}"
            );
            assert_eq!(tab.client.connection(), Connection::Online, "seed {seed}");
            let own: Vec<String> = self
                .texts()
                .filter(|text| text.starts_with(name.as_str()))
                .collect();
            let expected: Vec<String> = (1..=tab.sent).map(|n| format!("{name}-{n}")).collect();
            assert_eq!(own, expected, "what tab {name} sent, seed {seed}");
        }
        let shown = |tab: &Tab| {
            tab.client
                .transcript()
                .entries()
                .iter()
                .map(|entry| entry.seq)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            shown(&self.tabs[0]),
            shown(&self.tabs[1]),
            "the tabs show another order, seed {seed}"
        );
    }

    fn texts(&self) -> impl Iterator<Item = String> {
        self.stage.rows.iter().filter_map(|(entry, _)| match &entry.said {
            Said::Visitor { text, .. } => Some(text.clone()),
            Said::Bot { .. } | Said::Agent { .. } | Said::Notice(_) | Said::Newer(_) => None,
        })
    }
}

#[test]
fn both_tabs_end_up_with_everything_once() {
    for seed in 0..GAMES {
        let mut random = Random(seed);
        let mut world = World::new();
        for _ in 0..STEPS {
            world.step(&mut random);
        }
        world.change_network(Network::Up);
        for _ in 0..60 {
            world.pass(Duration::from_secs(5));
        }
        world.check(seed);
    }
}

#[test]
fn blocked_sockets_are_noticed_within_seconds_and_unblocked_ones_too() {
    let mut world = World::new();
    world.change_network(Network::NoSockets);
    world.cut_sockets();
    world.pass(Duration::from_secs(5));
    assert_eq!(world.tabs[0].client.connection(), Connection::Online);
    let message = world.stage.agent_writes("by poll");
    world.core(CoreInput::DeskSignalled { message });
    world.pass(Duration::from_secs(3));
    assert_eq!(
        world.tabs[0].client.transcript().entries().len(),
        world.stage.rows.len()
    );
    world.change_network(Network::Up);
    world.pass(Duration::from_secs(90));
    assert!(world.tabs[0].socket == Socket::Open);
}

#[test]
fn a_half_open_socket_is_noticed_within_40_seconds() {
    let mut world = World::new();
    world.change_network(Network::Down);
    world.pass(Duration::from_secs(40));
    assert_ne!(world.tabs[0].client.connection(), Connection::Online);
}

#[test]
fn agents_messages_signalled_out_of_order_are_shown_in_order() {
    let mut world = World::new();
    let first = world.stage.agent_writes("first");
    world.stage.now = world.stage.now + Duration::from_secs(1);
    let second = world.stage.agent_writes("second");
    // As a list that does not show yet what is signalled later.
    world.stage.hidden.insert(first.clone());
    for message in [&second, &first] {
        let message = message.clone();
        world.core(CoreInput::DeskSignalled { message });
    }
    let sources: Vec<_> = world
        .stage
        .rows
        .iter()
        .filter_map(|(_, source)| source.clone())
        .collect();
    assert_eq!(sources, [second, first]);
    for tab in &world.tabs {
        let said = tab
            .client
            .transcript()
            .entries()
            .iter()
            .filter_map(|entry| match &entry.said {
                Said::Agent { body, .. } => Some(shared::message::plain(body)),
                Said::Visitor { .. } | Said::Bot { .. } | Said::Notice(_) | Said::Newer(_) => None,
            });
        let said: Vec<_> = said.collect();
        assert_eq!(said, ["first", "second"]);
    }
}

#[test]
fn what_an_agent_wrote_before_closing_is_shown_whatever_is_signalled_first() {
    let mut world = World::new();
    let failing = shared::conversation::Failure::Passing { retry_after: None };
    world.stage.desk_fails.push_back(failing);
    let (answer, first, second) = (
        world.stage.agent_writes("answer"),
        world.stage.agent_writes("/close"),
        world.stage.agent_writes("/close"),
    );
    for message in [first, second, answer] {
        world.core(CoreInput::DeskSignalled { message });
    }
    world.stage.wait(Duration::from_secs(5));
    let said: Vec<_> = world.stage.rows.iter().map(|(entry, _)| &entry.said).collect();
    assert!(
        matches!(said.as_slice(), [.., Said::Agent { .. }, Said::Notice(_)]),
        "{said:?}"
    );
    let next = world.stage.conversation.next_deadline();
    let erased_at = world.stage.now + Duration::from_secs(180 * 24 * 60 * 60 - 60);
    assert!(
        next.is_some_and(|next| next > erased_at),
        "nothing goes on: {next:?}"
    );
}

#[test]
fn a_visitor_who_reconnects_without_a_close_is_not_lost() {
    let mut world = World::new();
    world.stage.wait(Duration::from_secs(110));
    world.change_network(Network::Down);
    world.change_network(Network::Up);
    world.core(CoreInput::VisitorConnected {
        connection: ConnectionId("new".into()),
        after: Seq(0),
    });
    world.stage.wait(Duration::from_secs(60));
    assert!(world.stage.rows.is_empty(), "{:?}", world.stage.rows);
}
