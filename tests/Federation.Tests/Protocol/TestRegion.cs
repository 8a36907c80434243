using Meridian.Federation.Regions;
using Meridian.Messages;

namespace Meridian.Federation.Tests.Protocol;

/// <summary>A region that answers by a function, with one ready replica of <c>minilm</c>.</summary>
internal sealed class TestRegion(string name, long incarnation = 1) : ILocalRegion
{
    private RegionStatus _status = Sample.Status(name, incarnation);
    private readonly object _gate = new();
    private bool _frozen;

    public string Name => name;

    public Func<InferRequest, CancellationToken, Task<InferReply>> Answer { get; set; } = (request, _) => Task.FromResult(Sample.Result(name, request));

    /// <value>Each ack reads it, so a frozen region acks nothing.</value>
    public RegionStatus Status
    {
        get
        {
            lock (_gate)
            {
                while (_frozen)
                    Monitor.Wait(_gate);
            }

            return _status;
        }
    }

    public void Restart(long later) => _status = _status with { Incarnation = later };

    public void Report(RegionStatus status) => _status = status;

    public void Freeze() => Set(true);

    public void Thaw() => Set(false);

    public Func<InferRequest, CancellationToken, Task<StreamOpening>> Opening { get; set; } = (_, _) => Task.FromResult(new StreamOpening(TestStream.Of(name, 3), null));

    public Task<InferReply> InferAsync(InferRequest request, CancellationToken cancellationToken) => Answer(request, cancellationToken);

    public Task<StreamOpening> OpenAsync(InferRequest request, CancellationToken cancellationToken) => Opening(request, cancellationToken);

    private void Set(bool frozen)
    {
        lock (_gate)
        {
            _frozen = frozen;
            Monitor.PulseAll(_gate);
        }
    }
}
