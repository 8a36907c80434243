using System.Collections.Concurrent;
using Grpc.Core;
using Meridian.Federation.Configuration;
using Meridian.Federation.Directory;
using Meridian.Federation.Edge;
using Meridian.Messages;
using Meridian.Messages.Generation;
using Microsoft.Extensions.Options;

namespace Meridian.Federation.Protocol;

/// <summary>Infer and Open over gRPC: two shared channels an address, one for each, opened at the first request and kept.</summary>
internal sealed class GrpcRegionTransport(IOptions<FederationOptions> options) : IRegionTransport, IDisposable
{
    private readonly FederationOptions _options = options.Value;
    private readonly ConcurrentDictionary<(Uri Address, int WindowBytes), Lazy<RegionChannel>> _channels = new();

    public async Task<InferReply> InferAsync(RegionMember region, InferRequest request, CancellationToken cancellationToken)
    {
        using var call = Channel(region, RegionChannel.BulkWindowBytes).AsyncUnaryCall(RegionProtocol.Infer, null, new CallOptions(cancellationToken: cancellationToken), request);
        return await call.ResponseAsync.ConfigureAwait(false);
    }

    public async Task<StreamOpening> OpenAsync(RegionMember region, InferRequest request, CancellationToken cancellationToken)
    {
        var call = Channel(region, RegionChannel.StreamWindowBytes).AsyncServerStreamingCall(RegionProtocol.Open, null, new CallOptions(cancellationToken: cancellationToken), request);
        StreamReply? first = null;
        try
        {
            // The call ends with the token; a read does not need it again.
            if (await call.ResponseStream.MoveNext(CancellationToken.None).ConfigureAwait(false))
                first = call.ResponseStream.Current;
            if (first is { Refusal: null, Head: { } head, Frame: { } frame })
                return new StreamOpening(new GrpcRegionStream(call, region.Name, head, frame), null);

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
            call.Dispose();
            throw;
        }

        call.Dispose();
        return first?.Refusal is { } refusal
            ? new StreamOpening(null, refusal)
            : throw new IOException($"Region '{region.Name}' ended the call without a head and a first frame.");
    }

    public void Dispose()
    {
        foreach (var channel in _channels.Values)
        {
            if (channel.IsValueCreated)
                channel.Value.Dispose();
        }
    }

    // Lazy: of two first requests only one may open the channel.
    private CallInvoker Channel(RegionMember region, int windowBytes) =>
        _channels.GetOrAdd((region.Protocol, windowBytes), static (key, options) => new Lazy<RegionChannel>(() => new RegionChannel(key.Address, options, key.WindowBytes)), _options).Value.Invoker;
}
