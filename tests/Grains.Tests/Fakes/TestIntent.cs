using Meridian.Federation.Regions;
using Meridian.Intents;
using Meridian.Routing.Snapshots;
using Meridian.Specs;

namespace Meridian.Grains.Tests.Fakes;

/// <summary>The intent of a test region, which the test changes.</summary>
public sealed class TestIntent : IIntentSource
{
    private readonly Latest<Intent> _latest = new(Intent.Empty);

    public Intent Current => _latest.Current;

    public Task<Intent> WaitForChangeAsync(long knownEpoch, CancellationToken cancellationToken) => _latest.WaitAsync(intent => intent.Epoch > knownEpoch, cancellationToken);

    /// <summary>Adds or replaces a model.</summary>
    public void Set(string name, DeploymentSpec deployment, EngineSettings? engine = null, RequestLimits? limits = null) => Publish(
    [
        .. Current.Models.Where(model => model.Name != name),
        ModelDeclaration.Of(name, new ModelSpec { Kind = "embedding", OwnedBy = "tests", Engine = engine ?? new EngineSettings(), Limits = limits }, deployment with { Replicas = deployment.Replicas ?? 1 }),
    ]);

    public void Remove(string name) => Publish([.. Current.Models.Where(model => model.Name != name)]);

    private void Publish(ModelDeclaration[] models) => _latest.Publish(Current with { Epoch = Current.Epoch + 1, Models = models });
}
