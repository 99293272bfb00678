import GRDB

func probe() throws -> String { try DatabaseQueue().path }
