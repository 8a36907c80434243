using Meridian.Grains;

namespace Meridian.Gateway.Admin.Scaling;

/// <summary>
/// Changes how many replicas of a model this region runs. Only the processes of a region implement it. On a front door it is absent, and the routes name the
/// facades to ask.
/// </summary>
public interface IModelScaling
{
    /// <summary>Sets the number of replicas. The change is durable when the method returns. Repeating an operation id returns the first outcome.</summary>
    /// <param name="model">Name of a declared model.</param>
    /// <param name="change">Operation id, replicas 0 to 64, who asks and why.</param>
    /// <exception cref="Meridian.Errors.MeridianException">The region refuses, for example because the model is not deployed to it.</exception>
    Task<ScaleRecord> ScaleAsync(string model, ScaleChange change, CancellationToken cancellationToken);

    /// <summary>Returns the most recent changes, oldest first.</summary>
    /// <exception cref="Meridian.Errors.MeridianException">The region refuses, for example because the model is not deployed to it.</exception>
    Task<ScaleRecord[]> HistoryAsync(string model, CancellationToken cancellationToken);
}
