using Meridian.Federation.Edge;
using System.Collections.Concurrent;
using Grpc.Core;
using Meridian.Federation.Configuration;
using Meridian.Federation.Directory;
using Meridian.Messages;
using Microsoft.Extensions.Options;

namespace Meridian.Federation.Protocol;

/// <summary>Infer over gRPC: one shared channel an address, opened at the first request and kept.</summary>
internal sealed class GrpcRegionTransport(IOptions<FederationOptions> options) : IRegionTransport, IDisposable
{
    private readonly FederationOptions _options = options.Value;
    private readonly ConcurrentDictionary<Uri, Lazy<RegionChannel>> _channels = new();

    public async Task<InferReply> InferAsync(RegionMember region, InferRequest request, CancellationToken cancellationToken)
    {
        // Lazy: of two first requests only one may open the channel.
        var channel = _channels.GetOrAdd(region.Protocol, static (address, options) => new Lazy<RegionChannel>(() => new RegionChannel(address, options)), _options).Value;
        using var call = channel.Invoker.AsyncUnaryCall(RegionProtocol.Infer, null, new CallOptions(cancellationToken: cancellationToken), request);
        return await call.ResponseAsync.ConfigureAwait(false);
    }

    public void Dispose()
    {
        foreach (var channel in _channels.Values)
        {
            if (channel.IsValueCreated)
                channel.Value.Dispose();
        }
    }

    public Task<StreamOpening> OpenAsync(RegionMember region, InferRequest request, CancellationToken cancellationToken) => throw new NotSupportedException();
}
