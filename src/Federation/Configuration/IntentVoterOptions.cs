namespace Meridian.Federation.Configuration;

/// <summary>A voter of the first quorum.</summary>
public sealed class IntentVoterOptions
{
    /// <value>Name of the region, or of the witness.</value>
    public string Name { get; set; } = "";

    /// <value>Where it speaks consensus, <c>host:port</c>, as all others reach it.</value>
    public string Consensus { get; set; } = "";

    /// <value>Address of its region protocol, for example <c>http://127.0.0.1:8190</c>.</value>
    public string Protocol { get; set; } = "";

    /// <value>Votes and keeps the log, but never leads.</value>
    public bool Witness { get; set; }
}
