using Meridian.Silo.CommandLine;
using Meridian.Silo.Processes;

// Commands: `Silo` (dev supervisor), `Silo region`, `Silo front-door`, `Silo drain`, `Silo recover`; CommandLine/Commands.cs.
// What a region is made of: Hosting/RegionHost.cs. A front door: Hosting/FrontDoorHost.cs.
PrivateFiles.Enforce();
return await Commands.RunAsync(args, Console.Out, Console.Error);
