using Meridian.Federation.Edge;
using Meridian.Messages;

namespace Meridian.Federation.Tests.Protocol;

/// <summary>A region that answers by a function, with one ready replica of <c>minilm</c>.</summary>
internal sealed class TestRegion(string name, long incarnation = 1) : ILocalRegion
{
    public string Name => name;

    public Func<InferRequest, CancellationToken, Task<InferReply>> Answer { get; set; } = (request, _) => Task.FromResult(Sample.Result(name, request));

    public RegionStatus Status { get; set; } = Sample.Status(name, incarnation);

    public Task<InferReply> InferAsync(InferRequest request, CancellationToken cancellationToken) => Answer(request, cancellationToken);
}
