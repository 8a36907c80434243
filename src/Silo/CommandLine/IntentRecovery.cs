using Meridian.Intents;
using Meridian.Intents.Raft;
using Meridian.Silo.Configuration;
using Meridian.Silo.Configuration.Reading;
using Meridian.Silo.Processes;
using Meridian.Silo.Settings;

namespace Meridian.Silo.CommandLine;

/// <summary><c>meridian-server recover</c>: makes the voter of a stopped region decide alone.</summary>
internal static class IntentRecovery
{
    /// <param name="configuration">All layers. Section <c>Meridian</c> names the region and its data.</param>
    /// <param name="confirmed">True: do it. False: only print what would be lost.</param>
    /// <param name="output">Receives the report.</param>
    /// <param name="cancellationToken">Cancels the reading of the log.</param>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    /// <exception cref="MistakesException">Settings are wrong, or intent is not kept by Raft.</exception>
    /// <exception cref="StartRefusedException">The region's process runs, or its directory holds no log.</exception>
    public static async Task<int> RunAsync(IConfiguration configuration, bool confirmed, TextWriter output, CancellationToken cancellationToken)
    {
        var options = MeridianConfiguration.Read(configuration, ofRegion: true);
        if (options.Intent.Kind != IntentKind.Raft)
        {
            throw new MistakesException(
                [$"{MeridianOptions.Section}:Intent:Kind = '{options.Intent.Kind}': only the embedded log (Raft) is recovered here; an etcd cluster has its own ways (etcdutl snapshot restore, etcd --force-new-cluster)."]);
        }

        var region = RegionPlan.Own(options);
        var directory = IntentSettings.DirectoryOf(region);
        try
        {
            using var recovery = await RaftRecovery.OpenAsync(directory, IntentSettings.VoterOf(region), IntentSettings.VotersOf(options), cancellationToken);
            await output.WriteLineAsync(InWords(region.Name, directory, recovery.Report));
            if (!confirmed)
            {
                await output.WriteLineAsync("Nothing was changed. To do it, run the same command with --yes.");
                return ExitCode.Mistake;
            }

            recovery.Force();
            await output.WriteLineAsync($"Done. Start {region.Name} as usual: it decides alone, in generation {recovery.Report.Generation}.");
            return ExitCode.Ok;
        }
        catch (IntentLogException e)
        {
            throw new StartRefusedException(e.Message, e);
        }
    }

    private static string InWords(string region, string directory, RecoveryReport report)
    {
        var lost = report.Removed.Count == 0 ? "none: it already decides alone" : string.Join(", ", report.Removed);
        var unconfirmed = report.Unconfirmed == 0
            ? "none"
            : $"{report.Unconfirmed}, kept and made: nobody may have been told of them, or who asked was told that they failed";
        return $"""
            Intent log of {region} in {directory}
              last entry          index {report.LastIndex} of term {report.LastTerm}
              known committed     index {report.CommittedIndex}
              applied             index {report.AppliedIndex}, revision {report.Revision}
              unconfirmed entries {unconfirmed}
              voters it loses     {lost}
              generation          {report.Generation - 1}, then {report.Generation}
            This gives up every change that was acknowledged elsewhere and has not come here: all after index {report.LastIndex}, if there were any.
            Do it only when a majority is lost for good, and at one region only: the one whose last entry has the highest term, among equals the highest index.
            Regions that it loses must not come back as they are: stop each, move its directory intent away and start it again; it comes back empty and fetches everything.
            """;
    }
}
