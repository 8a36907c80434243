using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using Grpc.Core;
using Meridian.Federation.Configuration;
using Meridian.Federation.Regions;
using Meridian.Intents.Wire;
using Meridian.Messages;
using Meridian.Routing.Snapshots;

namespace Meridian.Federation.Liveness;

/// <summary>
/// The active monitor of one region. It keeps one heartbeat stream open, on a connection of its own, and reports observations. It judges nothing.
/// <para>
/// If a stream ends after at least one ack and lived for one beat interval or more, the next one is opened at once: the process may have been replaced within
/// the same second. Otherwise the link retries for ever, with a back-off from <see cref="HeartbeatOptions.MinBackOff"/> to
/// <see cref="HeartbeatOptions.MaxBackOff"/>.
/// </para>
/// <para>
/// A stream that has been silent for <see cref="HeartbeatOptions.MaxSilence"/> is dropped together with its connection, because TCP may take minutes to
/// notice that a partition has healed. If the process is frozen, new streams connect (its kernel answers) but stay silent until the process continues.
/// </para>
/// The liveness thread calls all methods. The stream runs on the thread pool and only writes observations.
/// </summary>
internal sealed class HeartbeatLink(RegionMember member, FederationOptions options, TimeProvider time, Func<long, Beat> newBeat, Action<Observation, bool> note) : IDisposable
{
    private readonly HeartbeatOptions _heartbeat = options.Heartbeat;
    private Session? _session;
    private long _sessions;
    private int _failures;
    private long _retryAfter = long.MinValue;
    private Task _probe = Task.CompletedTask;
    private bool _quiet;

    public RegionMember Member => member;

    /// <value>
    /// While true, an ack with the same incarnation and the same draining flag as the last one does not wake the liveness thread; the thread reads it with
    /// the next tick. While false, every ack wakes the thread.
    /// </value>
    public bool Quiet
    {
        get => Volatile.Read(ref _quiet);
        set => Volatile.Write(ref _quiet, value);
    }

    /// <summary>Called once a tick. Sends the beat, or drops a stream that has been silent for <see cref="HeartbeatOptions.MaxSilence"/>.</summary>
    public void Pace(Beat beat, long now)
    {
        if (_session is not { } session)
            return;
        if (time.GetElapsedTime(session.LastSign, now) >= _heartbeat.MaxSilence)
            session.Cancel();
        else
            session.Send(beat);
    }

    /// <summary>Opens the stream when the back-off is over. Returns the time that is left until then, or null while there is a stream.</summary>
    public TimeSpan? Due(long now)
    {
        if (_session is not null)
            return null;
        if (now < _retryAfter)
            return time.GetElapsedTime(now, _retryAfter);
        Open(now);
        return null;
    }

    /// <summary>The current stream has ended or could not be opened. Probes the region and opens the next stream, at once or after a back-off.</summary>
    public void Ended(long now)
    {
        if (_session is not { Ended: true } session)
            return;
        _session = null;
        Probe(now);

        // A stream that lived for a beat interval or more was healthy. A stream that is acked once and then cut, again and again, must not make this loop spin.
        if (session.Acked && time.GetElapsedTime(session.Started, now) >= _heartbeat.Interval)
        {
            _failures = 0;
            Open(now);
            return;
        }

        _retryAfter = now + (long)(_heartbeat.Pauses.After(++_failures).TotalSeconds * time.TimestampFrequency);
    }

    /// <summary>Opens a stream now, without waiting for the back-off.</summary>
    public void RetryNow(long now)
    {
        _failures = 0;
        if (_session is null)
            Open(now);
    }

    /// <summary>
    /// The region has restarted, but this stream may still lead to its old process: after a power cut nobody resets the connection. So a stream with an ack
    /// is cancelled. A stream without an ack is left alone: it is the new one, and hints arrive faster than a distant region can ack.
    /// </summary>
    public void Renew(long now)
    {
        if (_session is { Acked: true } stale)
            stale.Cancel();
        else
            RetryNow(now);
    }

    /// <summary>Tests whether any process listens at the region's address: opens a bare TCP connection, independent of the stream and of HTTP.</summary>
    public void Probe(long now)
    {
        if (_probe.IsCompleted)
            _probe = Task.Run(() => ProbeAsync(now));
    }

    public void Dispose()
    {
        _session?.Cancel();
        _session = null;
    }

    private void Open(long now)
    {
        var session = new Session(this, ++_sessions, now);
        _session = session;
        var first = newBeat(now);
        _ = Task.Run(() => session.RunAsync(first));
    }

    private async Task ProbeAsync(long started)
    {
        try
        {
            using var timeout = new CancellationTokenSource(options.Wire.ConnectTimeout, time);
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(member.Protocol.DnsSafeHost, member.Protocol.Port, timeout.Token).ConfigureAwait(false);
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionRefused)
        {
            note(new Observation(ObservationKind.Refused, member.Name, started), true);
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException)
        {
            // This proves nothing about the region; phi decides.
        }
    }

    /// <summary>One connection and its one stream.</summary>
    [SuppressMessage("Reliability", "CA1001", Justification = "A source without timer or link holds nothing, and disposing it would race with CancelAsync.")]
    private sealed class Session(HeartbeatLink link, long connection, long started)
    {
        private readonly CancellationTokenSource _cancel = new();
        private readonly HeardStatus _heard = new();
        private IClientStreamWriter<Beat>? _writer;
        private Task _write = Task.CompletedTask;
        private long _lastSign = started;

        public long Started { get; } = started;

        public long LastSign => Volatile.Read(ref _lastSign);

        public bool Acked { get; private set; }

        // Written before the observation is queued that makes the liveness thread read it.
        public bool Ended { get; private set; }

        public void Send(Beat beat)
        {
            // The writer is null until the stream is open. While one beat is being written, no other is sent: gRPC forbids it, and a stuck stream needs no
            // more bytes.
            if (Volatile.Read(ref _writer) is not { } writer || !_write.IsCompleted)
                return;
            var status = beat.Status is { Models.Length: > 0 } full && _heard.Versioned ? full with { Models = [] } : beat.Status;
            _write = SendAsync(writer, beat with { Status = status, KnownStatus = _heard.Known });
        }

        public void Cancel() => _ = _cancel.CancelAsync();

        public async Task RunAsync(Beat first)
        {
            try
            {
                using var channel = new WireChannel(link.Member.Protocol, link.Options.Wire);
                using var call = channel.Invoker.AsyncDuplexStreamingCall(RegionProtocol.Heartbeat, null, new CallOptions(cancellationToken: _cancel.Token));
                await SendAsync(call.RequestStream, first).ConfigureAwait(false);
                Volatile.Write(ref _writer, call.RequestStream);
                RegionStatus? before = null;
                while (await call.ResponseStream.MoveNext(_cancel.Token).ConfigureAwait(false))
                {
                    var ack = call.ResponseStream.Current;
                    var now = link.Time.GetTimestamp();
                    Acked = true;
                    Volatile.Write(ref _lastSign, now);

                    // An ack whose status cannot be used is still a sign of life: it is reported with the status known before.
                    if ((_heard.After(ack) ?? before) is not { } status)
                        continue;
                    var news = !link.Quiet || before is null || status.Incarnation != before.Incarnation || status.Draining != before.Draining;
                    before = status;
                    link.Note(new Observation(ObservationKind.Heard, link.Member.Name, now, status, ack.SentTimestamp, Connection: connection, ClockOffMs: ClockOffMs(ack, now)), news);
                }

                // A process that dies breaks the stream off. Only a process that stops ends it.
                if (before is not null)
                    link.Note(new Observation(ObservationKind.Stopping, link.Member.Name, link.Time.GetTimestamp(), Incarnation: before.Incarnation), false);
            }
            catch (Exception)
            {
                // The stream is over, whatever the error was. gRPC does not say reliably why a stream could not be opened, so a probe finds that out.
            }
            finally
            {
                Volatile.Write(ref _writer, null);
                Ended = true;
            }

            link.Note(new Observation(ObservationKind.LinkEnded, link.Member.Name, link.Time.GetTimestamp()), true);
        }

        /// <summary>
        /// The region's wall clock minus this observer's, ms. Assumes that the ack was written half a round trip ago. NaN if the ack has no clock.
        /// </summary>
        private double ClockOffMs(BeatAck ack, long now) => ack.ClockMs == 0
            ? double.NaN
            : ack.ClockMs - (link.Time.GetUtcNow().ToUnixTimeMilliseconds() - (link.Time.GetElapsedTime(ack.SentTimestamp, now).TotalMilliseconds / 2));

        private static async Task SendAsync(IClientStreamWriter<Beat> writer, Beat beat)
        {
            try
            {
                await writer.WriteAsync(beat).ConfigureAwait(false);
            }
            catch (Exception)
            {
                // The reading side of the same stream sees the end and its reason.
            }
        }
    }

    private FederationOptions Options => options;

    private TimeProvider Time => time;

    private Action<Observation, bool> Note => note;
}
