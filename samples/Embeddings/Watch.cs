using System.Globalization;
using Meridian.Errors;
using Microsoft.Extensions.AI;

namespace Meridian.Samples.Embeddings;

/// <summary>One embedding a second, with the region that served and the time it took.</summary>
internal static class Watch
{
    public static async Task RunAsync(IEmbeddingGenerator<string, Embedding<float>> generator, CancellationToken cancellationToken)
    {
        Console.WriteLine("Embedding once a second; kill a region and watch. Ctrl-C ends.");
        var time = TimeProvider.System;
        using var second = new PeriodicTimer(TimeSpan.FromSeconds(1));
        do
        {
            var started = time.GetTimestamp();
            string served;
            try
            {
                var embeddings = await generator.GenerateAsync(["The quick brown fox jumps over the lazy dog."], cancellationToken: cancellationToken);
                served = $"{embeddings.AdditionalProperties?["region"]}";
            }
            catch (MeridianException e)
            {
                served = $"{e.Refusal.Code}: {e.Message}";
            }

            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{time.GetLocalNow():HH:mm:ss}  {time.GetElapsedTime(started).TotalMilliseconds,8:0.0} ms  {served}"));
        }
        while (await second.WaitForNextTickAsync(cancellationToken));
    }
}
