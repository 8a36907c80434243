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
/// Infer and Open over gRPC: two shared channels an address, one for each, opened at the first request and kept while it is used. Addresses come and go with the installation's members, so
/// whenever a channel is opened, those that carried nothing for <see cref="IdleAfter"/> are closed: there are never many more channels than addresses in use.
/// </summary>
internal sealed class GrpcRegionTransport(IOptions<FederationOptions> options, TimeProvider time) : IRegionTransport, IDisposable
{
    /// <summary>After how long without a call a channel may be closed. A region that is asked again afterwards costs one connect.</summary>
    public static readonly TimeSpan IdleAfter = TimeSpan.FromMinutes(10);

    private readonly FederationOptions _options = options.Value;
    private readonly ConcurrentDictionary<(Uri Address, int WindowBytes), Line> _lines = new();

    /// <value>Channels that are open.</value>
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

            // Nothing follows a refusal. Read to its end a call is closed in peace; disposed before, it is reset.
            if (first is { Refusal: not null })
                await call.ResponseStream.MoveNext(CancellationToken.None).ConfigureAwait(false);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.Unimplemented)
        {
            first = StreamReply.Refuse(RefusalCode.NotReady, $"Region '{region.Name}' runs a version of the region protocol that has no streams yet.");
        }
        catch (Exception) when (first?.Refusal is not null)
        {
            // The refusal is here; how its call ended matters no more.
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

                // It is being closed.
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

    /// <summary>One channel and the calls that it carries. Each call disposes what it entered.</summary>
    private sealed class Line(Uri address, int windowBytes, FederationOptions options, TimeProvider time) : IDisposable
    {
        private const int Closed = -1;

        // Lazy: of two first requests only one may open the channel.
        private readonly Lazy<WireChannel> _channel = new(() => new WireChannel(address, options.Wire, windowBytes));
        private long _usedAt = time.GetTimestamp();

        /// <summary>Calls under way, or <see cref="Closed"/>: a call that begins while the channel is being closed sees it, and takes another.</summary>
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
