using Meridian.Errors;

namespace Meridian.Samples.Chat;

/// <summary>One story after another, each with the region that told it.</summary>
internal static class Watch
{
    public static async Task RunAsync(Func<CancellationToken, Task<Telling>> tellAsync, CancellationToken cancellationToken)
    {
        Console.WriteLine("Telling stories; kill a region and watch. Ctrl-C ends.");
        using var second = new PeriodicTimer(TimeSpan.FromSeconds(1));
        do
        {
            string served;
            try
            {
                served = (await tellAsync(cancellationToken)).ToString();
            }
            catch (MeridianException e)
            {
                served = $"{e.Refusal.Code}: {e.Message}";
            }

            Console.WriteLine($"\n\n{served}\n");
        }
        while (await second.WaitForNextTickAsync(cancellationToken));
    }
}
