using System.Text;
using Helios.ModelBench;

Console.OutputEncoding = Encoding.UTF8;
return await BenchApp.RunAsync(args, Console.Out, Console.Error).ConfigureAwait(false);
