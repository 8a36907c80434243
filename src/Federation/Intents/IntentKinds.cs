namespace Meridian.Federation.Intents;

/// <summary>Kinds of records. Names are kept for ever: they are in logs and snapshots on disk.</summary>
public static class IntentKinds
{
    /// <summary>A region: <see cref="Records.MemberRecord"/>.</summary>
    public const string Member = "member";

    /// <summary>A model that callers may name: <see cref="Records.ModelRecord"/>.</summary>
    public const string Model = "model";

    /// <summary>A version of a model, named <c>model/version</c>: <see cref="Records.VersionRecord"/>.</summary>
    public const string Version = "version";

    /// <summary>Where and how a model is served, named as the model: <see cref="Records.DeploymentRecord"/>.</summary>
    public const string Deployment = "deployment";

    /// <summary>How requests are routed, named as the model or <c>default</c>: <see cref="Records.PolicyRecord"/>.</summary>
    public const string Policy = "policy";

    /// <summary>A tenant: <see cref="Records.TenantRecord"/>.</summary>
    public const string Tenant = "tenant";

    /// <summary>The installation as a whole, named <see cref="Seed"/>: <see cref="Records.InstallationRecord"/>.</summary>
    public const string Installation = "installation";

    /// <summary>Name of the one <see cref="Installation"/> record.</summary>
    public const string Seed = "seed";

    /// <summary>A region that operators removed, named as the region: <see cref="Records.RemovedRecord"/>.</summary>
    public const string Removed = "removed";
}
