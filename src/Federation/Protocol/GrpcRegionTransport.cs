using System.Collections.Concurrent;
using Grpc.Core;
using Meridian.Federation.Configuration;
using Meridian.Federation.Regions;
using Meridian.Intents.Wire;
using Meridian.Messages;
using Meridian.Routing.Snapshots;
using Microsoft.Extensions.Options;

namespace Meridian.Federation.Protocol;

/// <summary>
/// Sends Infer and Open over gRPC. Each address has two shared channels, one for each method, opened at the first request and kept while they are used.
/// Addresses come and go with the members of the installation. So whenever a channel is opened, channels without a call for <see cref="IdleAfter"/> are
/// closed: there are never many more channels than addresses in use.
/// </summary>
internal sealed class GrpcRegionTransport(IOptions<FederationOptions> options, TimeProvider time) : IRegionTransport, IDisposable
{
    /// <summary>Time without a call after which a channel may be closed. The next request to its region then costs one connect.</summary>
    public static readonly TimeSpan IdleAfter = TimeSpan.FromMinutes(10);

    private readonly FederationOptions _options = options.Value;
    private readonly ConcurrentDictionary<(Uri Address, int WindowBytes), Line> _lines = new();

    /// <value>Number of channels.</value>
    public int Count => _lines.Count;

    public async Task<InferReply> InferAsync(RegionMember region, InferRequest request, CancellationToken cancellationToken)
    {
        using var line = Enter(region, WireChannel.BulkWindowBytes);
        using var call = line.Invoker.AsyncUnaryCall(RegionProtocol.Infer, null, new CallOptions(cancellationToken: cancellationToken), request);
        return await call.ResponseAsync.ConfigureAwait(false);
    }

    public async Task<StreamOpening> OpenAsync(RegionMember region, InferRequest request, CancellationToken cancellationToken)
    {
        var line = Enter(region, WireChannel.StreamWindowBytes);
        AsyncServerStreamingCall<StreamReply>? call = null;
        StreamReply? first = null;
        try
        {
            call = line.Invoker.AsyncServerStreamingCall(RegionProtocol.Open, null, new CallOptions(cancellationToken: cancellationToken), request);

            // The call ends with the token; a read does not need it again.
            if (await call.ResponseStream.MoveNext(CancellationToken.None).ConfigureAwait(false))
                first = call.ResponseStream.Current;
            if (first is { Refusal: null, Head: { } head, Frame: { } frame })
                return new StreamOpening(new GrpcRegionStream(call, line, region.Name, head, frame), null);

            // Nothing follows a refusal. A call that is read to its end is closed cleanly; a call disposed before its end is reset.
            if (first is { Refusal: not null })
                await call.ResponseStream.MoveNext(CancellationToken.None).ConfigureAwait(false);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.Unimplemented)
        {
            first = StreamReply.Refuse(RefusalCode.NotReady, $"Region '{region.Name}' runs a version of the region protocol that has no streams yet.");
        }
        catch (Exception) when (first?.Refusal is not null)
        {
            // The refusal has arrived; how its call ended does not matter.
        }
        catch
        {
            call?.Dispose();
            line.Dispose();
            throw;
        }

        call?.Dispose();
        line.Dispose();
        return first?.Refusal is { } refusal
            ? new StreamOpening(null, refusal)
            : throw new IOException($"Region '{region.Name}' ended the call without a head and a first frame.");
    }

    public void Dispose()
    {
        foreach (var line in _lines.Values)
            line.Close();
    }

    private Line Enter(RegionMember region, int windowBytes)
    {
        var key = (region.Protocol, windowBytes);
        while (true)
        {
            if (_lines.TryGetValue(key, out var known))
            {
                if (known.TryEnter())
                    return known;

                // The channel is being closed.
                _lines.TryRemove(KeyValuePair.Create(key, known));
                continue;
            }

            var line = new Line(key.Protocol, windowBytes, _options, time);
            if (_lines.TryAdd(key, line))
                CloseIdle();
        }
    }

    private void CloseIdle()
    {
        foreach (var (key, line) in _lines)
        {
            if (line.TryClose(IdleAfter))
                _lines.TryRemove(KeyValuePair.Create(key, line));
        }
    }

    /// <summary>One channel and its calls. Each call disposes the line that it entered.</summary>
    private sealed class Line(Uri address, int windowBytes, FederationOptions options, TimeProvider time) : IDisposable
    {
        private const int Closed = -1;

        // Lazy: if two first requests race, only one of them may open the channel.
        private readonly Lazy<WireChannel> _channel = new(() => new WireChannel(address, options.Wire, windowBytes));
        private long _usedAt = time.GetTimestamp();

        /// <summary>
        /// Number of calls under way, or <see cref="Closed"/>. A call that begins while the channel is being closed sees <see cref="Closed"/> and takes
        /// another channel.
        /// </summary>
        private int _calls;

        public CallInvoker Invoker => _channel.Value.Invoker;

        public bool TryEnter()
        {
            while (true)
            {
                var calls = Volatile.Read(ref _calls);
                if (calls == Closed)
                    return false;
                if (Interlocked.CompareExchange(ref _calls, calls + 1, calls) == calls)
                    return true;
            }
        }

        public bool TryClose(TimeSpan idleAfter)
        {
            if (time.GetElapsedTime(Volatile.Read(ref _usedAt)) < idleAfter || Interlocked.CompareExchange(ref _calls, Closed, 0) != 0)
                return false;
            Close();
            return true;
        }

        public void Close()
        {
            if (_channel.IsValueCreated)
                _channel.Value.Dispose();
        }

        /// <summary>A call is over.</summary>
        public void Dispose()
        {
            Volatile.Write(ref _usedAt, time.GetTimestamp());
            Interlocked.Decrement(ref _calls);
        }
    }
}
