//! Servers that refuse: what is said, and that nothing is half done.

use std::io::{Read, Write};
use std::os::unix::net::UnixListener;
use std::thread;

use ipc_redis::{Error, JoinableQueue, Lock, Queue};

use crate::server::Server;

testing::tests![
    no_server,
    a_wrong_url,
    a_wrong_name,
    a_wrong_password,
    a_user_without_permissions,
    a_key_of_another_type,
    full_memory,
    a_server_that_throws_keys_away,
    a_server_that_is_too_old,
];

#[track_caller]
fn assert_says<T>(result: Result<T, Error>, words: &[&str]) {
    let Err(error) = result else { panic!("no error") };
    let text = error.to_string();
    assert!(words.iter().all(|word| text.contains(word)), "{text}");
}

fn no_server() {
    let nowhere = Queue::<()>::connect("redis+unix:///nowhere/redis.sock", "q");
    assert_says(
        nowhere,
        &["cannot connect on /nowhere/redis.sock: ", "see whether the server runs"],
    );
}

fn a_wrong_url() {
    assert_says(
        Queue::<()>::connect("http://localhost", "q"),
        &["cannot connect on ", "a URL is "],
    );
    assert_says(Queue::<()>::connect("rediss://localhost", "q"), &["tls"]);
}

fn a_wrong_name() {
    let server = Server::start(&[]);
    for name in ["", "{q}"] {
        assert!(matches!(Queue::<()>::connect(&server.url(), name), Err(Error::Invalid(_))));
    }
}

fn a_wrong_password() {
    let server = Server::start(&["--requirepass", "secret"]);
    let with = |password: &str| format!("{}?pass={password}", server.url());
    for url in [server.url(), with("guess")] {
        assert_says(Queue::<()>::connect(&url, "q"), &["give its user and password in the URL"]);
        assert_says(JoinableQueue::<()>::connect(&url, "q"), &["give its user and password"]);
    }
    let queue = JoinableQueue::connect(&with("secret"), "q").unwrap();
    queue.put(&1).unwrap();
    queue.get().unwrap().done().unwrap();
}

fn a_user_without_permissions() {
    let server = Server::start(&[]);
    let set = |rules: &str| {
        server.cli(&[&["acl", "setuser", "me"], &*rules.split(' ').collect::<Vec<_>>()].concat())
    };
    set("reset resetchannels on >me ~{q}:* +@all");
    let url = format!("{}?user=me&pass=me", server.url());
    let queue = JoinableQueue::connect(&url, "q").unwrap();
    queue.put(&1).unwrap();
    assert_says(queue.get(), &["cannot look for dead consumers", "channels of this name"]);
    assert_says(JoinableQueue::<u32>::connect(&url, "other"), &["cannot make the queue", "keys"]);
    set("&{q}:present &alive:* -@dangerous"); // as hosted servers are
    queue.get().unwrap().done().unwrap();
}

fn a_key_of_another_type() {
    let server = Server::start(&[]);
    server.cli(&["set", "{q}:items", "something else"]);
    server.cli(&["set", "{q}:list", "something else"]);
    server.cli(&["set", "{q}:lock", "something else"]);
    let words = ["choose another name"];
    assert_says(JoinableQueue::<u32>::connect(&server.url(), "q"), &words);
    assert_says(Queue::connect(&server.url(), "q").unwrap().put(&1), &words);
    assert_says(Lock::connect(&server.url(), "q").unwrap().lock(), &words);
}

fn full_memory() {
    let server = Server::start(&["--maxmemory", "8mb"]);
    let queue = JoinableQueue::connect(&server.url(), "q").unwrap();
    let item = "x".repeat(100_000);
    let mut put = 0;
    let full = loop {
        match queue.put(&item) {
            Ok(()) => put += 1,
            Err(full) => break full,
        }
    };
    assert_says::<()>(Err(full), &["cannot put on ", "its memory is full: finish items"]);
    assert_eq!(queue.len().unwrap(), put);
    drop(queue.get().unwrap()); // goes back, full as it is
    for _ in 0..put {
        queue.get().unwrap().done().unwrap();
    }
    queue.put(&item).unwrap();
}

fn a_server_that_throws_keys_away() {
    let server = Server::start(&["--maxmemory-policy", "allkeys-lru"]);
    let queue = Queue::<()>::connect(&server.url(), "q");
    assert_says(queue, &["cannot use ", "allkeys-lru", "set it to noeviction"]);
}

/// A server that says so and can do nothing else.
fn a_server_that_is_too_old() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("old.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    let server = thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        let mut buffer = [0; 4096];
        while let Ok(read @ 1..) = client.read(&mut buffer) {
            let text = String::from_utf8_lossy(&buffer[..read]);
            let commands = text.matches('*').count();
            let reply = match text.contains("\nINFO\r") {
                true => "$21\r\nredis_version:6.0.16\n\r\n".into(),
                false => "+OK\r\n".repeat(commands),
            };
            client.write_all(reply.as_bytes()).unwrap();
        }
    });
    let queue = Queue::<()>::connect(&format!("redis+unix://{}", socket.display()), "q");
    assert_says(queue, &["cannot use ", "it is version 6.0.16, and at least 6.2 is needed"]);
    server.join().unwrap();
}
