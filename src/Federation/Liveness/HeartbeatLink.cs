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
/// The active monitor of one region: keeps one heartbeat stream open, on a connection of its own, and notes what it sees. Judges nothing.
/// <para>
/// A stream that ends after having been acked is reopened at once (its process may have been replaced within the same second); an attempt that fails is repeated
/// after a back-off from <see cref="HeartbeatOptions.MinBackOff"/> to <see cref="HeartbeatOptions.MaxBackOff"/>, for ever. A stream that has been silent for
/// <see cref="HeartbeatOptions.MaxSilence"/> is dropped with its connection, since TCP may take minutes to notice a healed partition; against a frozen process the
/// new attempts connect (its kernel answers) and stay silent, until it thaws.
/// </para>
/// Methods are called on the liveness thread; the stream runs on the pool and only writes observations.
/// </summary>
internal sealed class HeartbeatLink(RegionMember member, FederationOptions options, TimeProvider time, Func<long, Beat> newBeat, Action<Observation, bool> note) : IDisposable
{
    private readonly HeartbeatOptions _heartbeat = options.Heartbeat;
    private Session? _session;
    private long _sessions;
    private TimeSpan _backOff;
    private long _retryAfter = long.MinValue;
    private Task _knock = Task.CompletedTask;
    private bool _quiet;

    public RegionMember Member => member;

    /// <value>An ack that says what the last one said is no news: it is noted, and read with the next tick. Otherwise it wakes the liveness thread.</value>
    public bool Quiet
    {
        get => Volatile.Read(ref _quiet);
        set => Volatile.Write(ref _quiet, value);
    }

    /// <summary>Once a tick: sends the beat, or drops a stream that has been silent for too long.</summary>
    public void Pace(Beat beat, long now)
    {
        if (_session is not { } session)
            return;
        if (time.GetElapsedTime(session.LastSign, now) >= _heartbeat.MaxSilence)
            session.Cancel();
        else
            session.Send(beat);
    }

    /// <summary>Opens the stream when its time has come; returns how long until then, or null while there is a stream.</summary>
    public TimeSpan? Due(long now)
    {
        if (_session is not null)
            return null;
        if (now < _retryAfter)
            return time.GetElapsedTime(now, _retryAfter);
        Open(now);
        return null;
    }

    /// <summary>The current stream ended, or could not be opened: knocks, and opens the next one at once or after a back-off.</summary>
    public void Ended(long now)
    {
        if (_session is not { Ended: true } session)
            return;
        _session = null;
        Knock(now);

        // A stream that lived for a beat or more was a healthy one. One that is acked once and then cut, again and again, must not make this loop spin.
        if (session.Acked && time.GetElapsedTime(session.Started, now) >= _heartbeat.Interval)
        {
            _backOff = TimeSpan.Zero;
            Open(now);
            return;
        }

        _backOff = _heartbeat.BackOffAfter(_backOff);
        _retryAfter = now + (long)(_backOff.TotalSeconds * time.TimestampFrequency);
    }

    /// <summary>There is reason to look now: skips the back-off.</summary>
    public void Hurry(long now)
    {
        _backOff = TimeSpan.Zero;
        if (_session is null)
            Open(now);
    }

    /// <summary>
    /// The region has restarted and this stream leads to the process that was: after a power cut nobody resets it. A stream that has not been acked yet is left alone:
    /// it is the new one, and hints come faster than a distant region can ack.
    /// </summary>
    public void Renew(long now)
    {
        if (_session is { Acked: true } stale)
            stale.Cancel();
        else
            Hurry(now);
    }

    /// <summary>Asks the region's kernel whether anybody listens: a bare TCP connection, independent of the stream and of HTTP.</summary>
    public void Knock(long now)
    {
        if (_knock.IsCompleted)
            _knock = Task.Run(() => KnockAsync(now));
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

    private async Task KnockAsync(long started)
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
            // Says nothing certain: phi decides.
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

        // Written before the observation that makes the liveness thread read it.
        public bool Ended { get; private set; }

        public void Send(Beat beat)
        {
            // Null until the stream is open. A beat that is still on its way is not followed by another: gRPC forbids it, and a stuck stream needs no more bytes.
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

                    // Whatever an ack lacks, it is a sign of life: with what was known before.
                    if ((_heard.After(ack) ?? before) is not { } status)
                        continue;
                    var news = !link.Quiet || before is null || status.Incarnation != before.Incarnation || status.Draining != before.Draining;
                    before = status;
                    link.Note(new Observation(ObservationKind.Heard, link.Member.Name, now, status, ack.SentTimestamp, Connection: connection, ClockOffMs: ClockOffMs(ack, now)), news);
                }
            }
            catch (Exception)
            {
                // Whatever it was, the stream is over. What that means is asked by a knock: gRPC does not say reliably why a stream could not be opened.
            }
            finally
            {
                Volatile.Write(ref _writer, null);
                Ended = true;
            }

            link.Note(new Observation(ObservationKind.LinkEnded, link.Member.Name, link.Time.GetTimestamp()), true);
        }

        /// <summary>The ack was written half a round trip ago.</summary>
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
                // The reader of the same stream sees the end, with its reason.
            }
        }
    }

    private FederationOptions Options => options;

    private TimeProvider Time => time;

    private Action<Observation, bool> Note => note;
}
