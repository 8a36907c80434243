namespace Meridian.Intents.Tests.Contract;

/// <summary>Three members over one log, whichever implementation.</summary>
public interface IIntentCluster : IAsyncDisposable
{
    IReadOnlyList<IIntentLog> Members { get; }

    /// <summary>Takes the majority away from member 0, which itself goes on.</summary>
    Task LoseMajorityAsync();

    /// <summary>Gives it back.</summary>
    Task RestoreMajorityAsync();

    /// <summary>Ends a member and starts it again with what it has on disk. Completes when its local state is readable.</summary>
    Task RestartAsync(int member);
}
