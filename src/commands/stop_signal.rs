//! Waits for what ends the process in good order: SIGTERM, Ctrl-C, and the end of the terminal (SIGHUP).

/// From now on the signals are held back; the future completes when one has come. SIGUSR1 and SIGUSR2, whose
/// default is to kill, mean nothing here.
///
/// # Errors
/// When the system takes no handler.
#[cfg(unix)]
pub fn stop_signal() -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let mut hangup = if is_nohup() { None } else { Some(signal(SignalKind::hangup())?) };
    // Once there was a listener, nothing else happens on them.
    drop((signal(SignalKind::user_defined1())?, signal(SignalKind::user_defined2())?));
    Ok(async move {
        let hung_up = async {
            match &mut hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hung_up => {}
        }
    })
}

/// Whether this process was started to outlast its terminal, as `nohup` does. Linux only tells.
#[cfg(unix)]
fn is_nohup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    // SIGHUP is the first.
    ignored.is_some_and(|mask| mask & 1 == 1)
}

/// From now on Ctrl-C is held back; the future completes when it has come.
///
/// # Errors
/// When the system takes no handler.
#[cfg(windows)]
pub fn stop_signal() -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        interrupt.recv().await;
    })
}
