using System.Text;
using Helios.Cli;

Console.OutputEncoding = Encoding.UTF8;
return await CliApp.RunAsync(args, Console.Out, Console.Error).ConfigureAwait(false);
