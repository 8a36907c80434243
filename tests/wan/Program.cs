using Meridian.Wan.Lab;

if (WanLab.Missing() is { } missing)
{
    await Console.Error.WriteLineAsync(missing);
    return 2;
}

switch (args)
{
    case ["hold", var site, .. var command] when command.Length > 0:
        // A lab of one site that runs a command until this process ends: for a look at the lab from within, and for the test of what a killed lab leaves.
        await using (var lab = new WanLab())
        {
            var place = lab.AddSite(site);
            var process = place.Start(command[0], command[0], command[1..]);
            Console.WriteLine($"{place.NetworkId} {process.Id}");
            await process.ExitAsync(TimeSpan.FromDays(1));
        }

        return 0;

    default:
        await Console.Error.WriteLineAsync("usage: wan hold SITE COMMAND...");
        return 1;
}
